//! The B2BUA: legs and their offer/answer, bridge, hold, cold and warm transfer, conference; and the
//! house, which spans calls. Pure: it speaks to SIP, media and providers in the words of `types`.
//!
//! | module | what |
//! |---|---|
//! | [`switch`] | one shard: screening, arriving calls, dispatch, timers, panics |
//! | `call` | one call and who has its caller, with a file for each verb |
//! | [`leg`] | one leg |
//! | [`reach`] | the machine that rings, briefs and joins people |
//! | [`refer`] | the machine that follows a REFER |
//! | [`watch`] | the machine that asks whether a silent person is there |
//! | [`cause`] | codes and causes to typed reasons |
//! | [`table`] | the warm transfer: what each thing does in each phase |
//! | [`cells`] | which of their states met which of their events |
//! | `ways` | from a destination to INVITEs, through the plan's limits |
//! | `message`, `inbox`, `mailboxes` | the machines of voicemail: leaving a message, hearing them, what waits |
//! | `place` | where a caller for help is |
//! | `lamps` | who watches which phone, and what was told of each call |
//! | `house` | registered phones, registrations of ours, slots, rooms, names |

mod api;
mod call;
mod callbacks;
pub mod cause;
pub mod cells;
mod health;
mod house;
mod inbox;
mod lamps;
pub mod leg;
mod mailboxes;
mod message;
mod place;
mod queues;
pub mod reach;
pub mod refer;
mod strangers;
pub mod switch;
pub mod table;
pub mod watch;
mod ways;

pub use api::{Admin, Census, Input, MessageAct, Output, SecureServer, SwitchConfig, TurnedAway};
pub use callbacks::{Owed, OwedBefore};
pub use mailboxes::Held;
pub use queues::{MemberRow, QueueRow, WaitingRow};
pub use switch::{
    Answered, ContactRow, Edition, Failed, PeerRow, PhoneRow, RegistrationRow, Switch, TrunkRow,
    brains_of, person_of,
};
