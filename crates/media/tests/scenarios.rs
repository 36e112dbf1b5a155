//! Whole graphs in virtual time: phones with a tone each, packets in, packets out.

#[path = "scenarios/bench.rs"]
mod bench;

#[path = "scenarios/conference.rs"]
mod conference;
#[path = "scenarios/delay.rs"]
mod delay;
#[path = "scenarios/keys.rs"]
mod keys;
#[path = "scenarios/listening.rs"]
mod listening;
#[path = "scenarios/loss.rs"]
mod loss;
#[path = "scenarios/model.rs"]
mod model;
#[path = "scenarios/opus.rs"]
mod opus;
#[path = "scenarios/players.rs"]
mod players;
#[path = "scenarios/recording.rs"]
mod recording;
#[path = "scenarios/relay.rs"]
mod relay;
#[path = "scenarios/reports.rs"]
mod reports;
#[path = "scenarios/secure.rs"]
mod secure;
#[path = "scenarios/sources.rs"]
mod sources;
#[path = "scenarios/wide.rs"]
mod wide;
