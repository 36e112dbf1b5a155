//! The world itself, tried with calls that need no agent.

use std::time::Duration;
use tandem_phone::{Incoming, PhoneEvent, Voice};
use tandem_sim::{Restart, Who, World, plan::plan};
use tandem_types::Rng;

const TANDEM: &str = r#"
[node]
name = "gw-1"
[sip]
listen = ["udp://10.0.0.1:5060"]
[rtp]
ports = "30000-30999"
"#;
const CARRIER: &str = r#"
peers = ["sip:203.0.113.5"]
[auth]
allow_from = ["203.0.113.0/28"]
[limits]
may_dial = ["_+44X."]
"#;
const PHONES: &str = r#"
[extensions.200]
name = "Reception"
registers = { username = "200", password = "file:secrets/200" }
[phones]
domain = "phones.example"
"#;
const HEAD: &str = r#"
trunks = ["carrier"]
[routes]
"2000" = "echo"
"2001" = "ext:200"
"2002" = "trunk:carrier/+441632960777"
[limits]
may_dial = ["_2XX", "+441632960777"]
operator = "ext:200"
"#;

fn world() -> World {
    let files = [
        ("tandem.toml", TANDEM),
        ("trunks/carrier.toml", CARRIER),
        ("phones.toml", PHONES),
        ("dialplans/head.toml", HEAD),
    ];
    World::new(plan(&files), 1)
}

fn tone(hz: f64) -> impl FnOnce(&mut tandem_phone::PhoneConfig) {
    move |c| c.voice = Voice::Tone { hz }
}

#[test]
fn an_echo_is_heard_and_nothing_is_left() {
    let mut w = world();
    let caller = w.outside_with("caller", "+441632960001", tone(440.0));
    w.calls(caller, "2000");
    assert!(
        w.run_until(Duration::from_secs(3), |w| w.is_up(caller)),
        "{}",
        w.ladder()
    );
    w.run(Duration::from_secs(3));
    assert!(w.hears(caller, caller), "{}", w.ladder());
    w.hangs_up(caller);
    w.ends_well();
}

fn straight(restart: Restart) -> World {
    let mut w = world();
    w.restart(restart);
    let caller = w.outside_with("caller", "+441632960001", tone(440.0));
    let desk = w.desk_with("desk 200", "200", |c| {
        c.voice = Voice::Tone { hz: 620.0 };
        c.incoming = Incoming::Answer {
            after: Duration::from_secs(2),
        };
    });
    w.registers(desk);
    w.calls(caller, "2001");
    assert!(
        w.run_until(Duration::from_secs(5), |w| w.is_up(caller) && w.is_up(desk)),
        "{}",
        w.ladder()
    );
    w.talk(caller, desk);
    w.hangs_up(desk);
    w.run(Duration::from_secs(1));
    assert!(
        w.has_noticed(caller, |e| matches!(e, PhoneEvent::Ended { .. })),
        "{}",
        w.ladder()
    );
    assert!(w.heard_ms(desk, &Who::Phone(caller)) > 1500);
    w.ends_well();
    w
}

#[test]
fn a_caller_and_a_desk_phone_hear_each_other() {
    straight(Restart::Never);
}

#[test]
fn the_ladder_is_the_same_when_the_switch_is_restored_at_every_step() {
    let restored = straight(Restart::Always);
    assert!(restored.restarts() > 10);
    assert_eq!(restored.ladder(), straight(Restart::Never).ladder());
    assert_eq!(
        straight(Restart::About(3, Rng::seeded(9))).ladder(),
        straight(Restart::Never).ladder()
    );
}

/// A call out again by the trunk that it came by, over a network that loses and repeats packets.
fn tromboned(restart: Restart) -> World {
    let mut w = world();
    w.restart(restart);
    w.net
        .between(tandem_sim::CARRIER, tandem_sim::GATEWAY, |l| {
            l.loss = 0.05;
            l.duplicated = 0.05;
            l.reordered = 0.05;
            l.jitter = Duration::from_millis(10);
        });
    let caller = w.outside_with("caller", "+441632960001", tone(440.0));
    let callee = w.outside_with("callee", "+441632960777", |c| {
        c.voice = Voice::Tone { hz: 620.0 };
        c.incoming = Incoming::Answer {
            after: Duration::from_secs(1),
        };
    });
    w.calls(caller, "2002");
    assert!(
        w.run_until(Duration::from_secs(15), |w| w.is_up(caller)
            && w.is_up(callee)),
        "{}",
        w.ladder()
    );
    w.talk(caller, callee);
    w.hangs_up(caller);
    w.run(Duration::from_secs(5));
    assert!(
        w.has_noticed(callee, |e| matches!(e, PhoneEvent::Ended { .. })),
        "{}",
        w.ladder()
    );
    w.ends_well();
    w
}

#[test]
fn a_bad_network_loses_packets_but_no_call() {
    let w = tromboned(Restart::Never);
    assert!(w.net.lost() > 10);
    let restored = tromboned(Restart::About(2, Rng::seeded(2)));
    assert!(restored.restarts() > 3);
    assert_eq!(restored.ladder(), w.ladder());
}
