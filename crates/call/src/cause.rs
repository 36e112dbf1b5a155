//! Causes: Q.850 is read before the SIP code (field note 7).

use tandem_types::Reason;

/// RFC 3398 section 8.2.6.1 and Q.850, as far as they tell an outcome.
pub fn of_q850(cause: u8) -> Option<Reason> {
    Some(match cause {
        1 | 28 => Reason::WrongNumber,
        16 => Reason::Normal,
        17 => Reason::Busy,
        18 | 19 => Reason::NoAnswer,
        21 => Reason::Declined,
        26 => Reason::ElsewhereAnswered,
        3 | 27 | 34 | 38 | 41 | 42 => Reason::Unreachable,
        55 | 57 => Reason::Blocked,
        58 | 65 | 79 | 88 => Reason::NoCodec,
        _ => return None,
    })
}

/// A final status. `network`: it came from a trunk, where 603 is often a block; from a phone it is
/// a person who declines.
pub fn of_status(status: u16, network: bool) -> Reason {
    match status {
        300..=399 => Reason::Moved,
        404 | 410 | 416 | 484 | 485 | 604 => Reason::WrongNumber,
        403 | 607 | 608 => Reason::Blocked,
        603 if network => Reason::Blocked,
        603 => Reason::Declined,
        408 | 480 => Reason::NoAnswer,
        487 => Reason::Cancelled,
        486 | 600 => Reason::Busy,
        406 | 415 | 488 | 606 => Reason::NoCodec,
        _ => Reason::Unreachable,
    }
}

/// What is said to an offer of a transport that the far end does not speak (RFC 3261 sections 21.4.13, 21.4.26, 21.6.4).
pub fn refuses_srtp(status: u16) -> bool {
    matches!(status, 415 | 488 | 606)
}

/// Only these try the next trunk: 34, 38, 41, 42, 503, 504 and a time-out (field note 7).
pub fn tries_next_trunk(status: u16, q850: u8) -> bool {
    if q850 != 0 {
        return matches!(q850, 34 | 38 | 41 | 42);
    }
    matches!(status, 0 | 408 | 503 | 504)
}

/// What a caller whose INVITE is still open gets for an end of ours.
pub fn status_for(end: tandem_types::Termination) -> u16 {
    // Not theirs to see: a challenge or a redirection that was for us, and a code that its own cause contradicts.
    let of_code = [of_status(end.sip, true), of_status(end.sip, false)];
    let contradicted = of_q850(end.q850) == Some(end.reason) && !of_code.contains(&end.reason);
    if end.sip >= 400 && !matches!(end.sip, 401 | 407) && !contradicted {
        return end.sip;
    }
    match end.reason {
        Reason::Busy => 486,
        Reason::NoAnswer | Reason::Silent | Reason::Closed | Reason::Normal => 480,
        Reason::Declined | Reason::Blocked => 603,
        Reason::NotAllowed => 403,
        Reason::NoRoute | Reason::WrongNumber => 404,
        Reason::NoCodec => 488,
        Reason::Cancelled => 487,
        Reason::Limit | Reason::Moved => 480,
        Reason::Unreachable | Reason::Capacity | Reason::Draining | Reason::Lost => 503,
        Reason::NoMedia | Reason::Protocol | Reason::Internal => 500,
        Reason::ElsewhereAnswered | Reason::Transferred => 480,
    }
}

/// What an agent says about it, after "I'm sorry, ".
pub fn in_words(reason: Reason) -> &'static str {
    match reason {
        Reason::Busy => "the line is busy",
        Reason::NoAnswer | Reason::Silent => "nobody is answering",
        Reason::Declined => "nobody can take the call right now",
        Reason::Closed => "they are closed just now",
        _ => "I could not reach them",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_603_is_a_decline_from_a_phone_and_a_block_from_a_trunk() {
        assert_eq!(of_status(603, false), Reason::Declined);
        assert_eq!(of_status(603, true), Reason::Blocked);
    }

    #[test]
    fn q850_goes_before_the_code() {
        assert!(!tries_next_trunk(503, 17), "busy behind a 503 is busy");
        assert!(tries_next_trunk(503, 0) && tries_next_trunk(500, 34));
        assert_eq!(of_q850(17), Some(Reason::Busy));
    }
}
