//! What holds for any text that comes as a header's value.

use std::fmt::Display;
use tandem_sip::message::{
    CSeq, Event, Host, Info, Method, NameAddr, ParseError, RAck, Reason, Replaces, RetryAfter,
    SessionExpires, SubscriptionState, UserToUser, Via,
};

/// Each typed header, written and read again, is the same. The first byte says which.
pub(crate) fn headers(data: &[u8]) {
    let Some((which, rest)) = data.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(rest) else {
        return;
    };
    match which % 16 {
        0 => again(text, NameAddr::parse),
        1 => again(text, Via::parse),
        2 => again(text, CSeq::parse),
        3 => again(text, RAck::parse),
        4 => again(text, Reason::parse),
        5 => again(text, Replaces::parse),
        6 => again(text, Event::parse),
        7 => again(text, SubscriptionState::parse),
        8 => again(text, SessionExpires::parse),
        9 => again(text, UserToUser::parse),
        10 => again(text, |s| s.parse::<Host>()),
        11 => again(text, |s| s.parse::<Method>()),
        12 => drop(RetryAfter::parse(text)),
        13 => drop(Info::parse(text)),
        _ => drop(NameAddr::parse(text).map(|a| (a.q(), a.expires(), a.verstat(), a.replaces()))),
    }
}

fn again<T: Display + PartialEq + std::fmt::Debug>(
    text: &str,
    read: impl Fn(&str) -> Result<T, ParseError>,
) {
    if let Ok(value) = read(text) {
        let written = value.to_string();
        let second = read(&written).expect("what we write can be read");
        assert_eq!(second.to_string(), written);
    }
}
