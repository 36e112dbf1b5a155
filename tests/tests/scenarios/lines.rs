//! The office where callers wait for the billing team (`2003`).

use super::{common::*, config::Config};
use tandem_types::journal::QueueEnd;

/// These members of the billing team, and these further lines for the queue.
pub(crate) fn waiting_office(members: &str, more: &str) -> Config {
    Config::office().with(
        "members = [\"ext:201\", \"ext:202\"]\nstrategy = \"in-order\"",
        &format!("members = [{members}]\nmax_wait = \"2m\"\n{more}"),
    )
}

/// One more caller, on the trunk.
pub(crate) fn another(o: &mut Office, n: u32) -> PhoneId {
    let id = o.outside(
        &format!("caller {n}"),
        &format!("+44163296000{n}"),
        Incoming::Wait,
    );
    o.is_still(id);
    id
}

/// This one calls the billing team straight, and is put into the queue.
pub(crate) fn waits(o: &mut Office, who: PhoneId) -> u32 {
    o.calls(who, "2003");
    let what = o.fact(secs(5), "a caller waits", |w| {
        matches!(w, What::QueueEntered { .. })
    });
    let What::QueueEntered { queue, position } = what else {
        unreachable!("that was asked for")
    };
    assert_eq!(queue, "billing");
    position
}

/// How waiting ended, in order, with the seconds that it took.
pub(crate) fn waited(o: &Office) -> Vec<(QueueEnd, u64)> {
    let left = |what: &What| match what {
        What::QueueLeft { end, waited_ms, .. } => Some((*end, waited_ms / 1000)),
        _ => None,
    };
    o.facts().filter_map(left).collect()
}

/// Waits until a caller waits no more, and says how that ended.
pub(crate) fn leaves(o: &mut Office, limit: Duration) -> QueueEnd {
    let what = o.fact(limit, "a caller waits no more", |w| {
        matches!(w, What::QueueLeft { .. })
    });
    let What::QueueLeft { end, .. } = what else {
        unreachable!("that was asked for")
    };
    end
}

/// Waits until this phone has heard such words of the gateway to their end.
pub(crate) fn is_told(o: &mut Office, who: PhoneId, words: &str) {
    o.until(secs(40), &format!("hears \"{words}\""), |w| {
        w.heard_words(who, words)
    });
}
