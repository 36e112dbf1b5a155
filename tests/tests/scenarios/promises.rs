//! What callers who are called back, and the people who call them, do and are told.

use super::{common::*, lines::*};
use tandem_types::journal::{CallbackEnd, CallbackTry, CallbackWish};

pub(crate) const PROMISE: &str = "You keep your place, and we will call you back on the number that you are calling from. Goodbye.";
pub(crate) const KEYS: &str = "Press 1 to call them now, 2 if you cannot, 3 to hear more.";

/// The star of the billing queue, and the number `2008`, lead to a callback.
pub(crate) fn office(more: &str) -> Config {
    waiting_office(
        "\"ext:201\", \"ext:202\"",
        "leave_to = \"callback:billing\"",
    )
    .with(
        "\"2000\" = \"echo\"",
        "\"2000\" = \"echo\"\n\"2008\" = \"callback:billing\"",
    )
    .with(
        "may_dial = [\"_20X\", \"+441632960555\"",
        "may_dial = [\"_20X\", \"_+44163296000X\", \"+441632960555\"",
    )
    .and(
        "dialplans/head.toml",
        &format!(
            "\n[callbacks.billing]\nqueue = \"billing\"\nmay_call = [\"_+44163296000[1-8]\"]\nattempts = 2\nevery = \"1m\"\n{more}\n"
        ),
    )
}

/// Somebody on the trunk who does this when they are called.
pub(crate) fn one(o: &mut Office, n: u32, incoming: Incoming) -> PhoneId {
    let number = format!("+44163296000{n}");
    let id = o.outside(&format!("caller {n}"), &number, incoming);
    o.is_still(id);
    id
}

/// This one asks to be called back, and hangs up.
pub(crate) fn asks(o: &mut Office, who: PhoneId) {
    o.calls(who, "2008");
    is_told(o, who, PROMISE);
    o.is_over(who, secs(1));
    asked(o);
}

pub(crate) fn asked(o: &mut Office) -> CallbackWish {
    let what = o.fact(secs(5), "is to be called back", |w| {
        matches!(w, What::CallbackAsked { .. })
    });
    let What::CallbackAsked { wish } = what else {
        unreachable!("that was asked for")
    };
    *wish
}

/// A person is told who is to be called back.
pub(crate) fn is_offered(o: &mut Office, person: PhoneId, who: &str) {
    is_told(o, person, &format!("{who} wants to be called back. {KEYS}"));
}

/// How the next try ends, and whether that is the end of it.
pub(crate) fn tried(o: &mut Office, limit: Duration) -> CallbackTry {
    let what = o.fact(limit, "a try is over", |w| {
        matches!(w, What::CallbackTried { .. })
    });
    let What::CallbackTried { how, .. } = what else {
        unreachable!("that was asked for")
    };
    how
}

pub(crate) fn ends(o: &Office) -> Vec<(CallbackEnd, &str)> {
    let ended = |w: &'_ What| match w {
        What::CallbackEnded { end, .. } => Some(*end),
        _ => None,
    };
    let by = o.facts().filter_map(|w| match w {
        What::CallbackEnded { by, .. } => Some(by.as_str()),
        _ => None,
    });
    o.facts().filter_map(ended).zip(by).collect()
}

/// In how many calls people were asked to call somebody back.
pub(crate) fn offers(o: &Office) -> usize {
    o.count(|w| matches!(w, What::CallStarted { via, .. } if via == "callback"))
}
