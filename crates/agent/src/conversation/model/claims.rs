//! Sentences that tell a caller of something that was, or is being, done for them.

use crate::understand::words;

const VERBS: &[&str] = &[
    "transferring",
    "connecting",
    "forwarding",
    "redirecting",
    "transfer",
    "connect",
    "forward",
    "redirect",
];

/// What acts are called once they are done, and while they are.
const ACTS: &[(&str, &str)] = &[
    ("booked", "booking"),
    ("opened", "opening"),
    ("created", "creating"),
    ("raised", "raising"),
    ("logged", "logging"),
    ("issued", "issuing"),
    ("refunded", "refunding"),
    ("credited", "crediting"),
    ("processed", "processing"),
    ("cancelled", "cancelling"),
    ("canceled", "canceling"),
    ("scheduled", "scheduling"),
    ("rescheduled", "rescheduling"),
    ("reserved", "reserving"),
    ("arranged", "arranging"),
    ("ordered", "ordering"),
    ("submitted", "submitting"),
    ("filed", "filing"),
    ("registered", "registering"),
];

/// What such acts are done to.
const THINGS: &[&str] = &[
    "ticket",
    "case",
    "refund",
    "credit",
    "booking",
    "appointment",
    "visit",
    "viewing",
    "engineer",
    "repair",
    "order",
    "request",
    "claim",
    "complaint",
    "reservation",
    "payment",
    "cancellation",
    "callback",
];

/// Whether the text tells the caller that a transfer is being made, rather than offers or denies one.
pub(super) fn claims_transfer(text: &str) -> bool {
    sentences(text).any(|s| told(s).is_some_and(|said| moves(&said)))
}

/// The first sentence that tells the caller that something was done, or is being done, rather than offers or denies it. With
/// `looked_up` a tool may have told that it was ("your visit is booked"), and only what the agent says of itself counts.
pub(super) fn claims_act(text: &str, looked_up: bool) -> Option<&str> {
    sentences(text)
        .find(|s| told(s).is_some_and(|said| acts(&said, looked_up)))
        .map(str::trim)
}

fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(['.', '!', '?', '\n'])
}

/// The words of a sentence that asks nothing, offers nothing and denies nothing.
fn told(sentence: &str) -> Option<Vec<String>> {
    if sentence.trim_end().ends_with('?') {
        return None;
    }
    let said = words(sentence);
    let joined = format!(" {} ", said.join(" "));
    let hedged = [
        "if", "would", "could", "can", "can't", "cannot", "not", "unable", "won't", "don't",
        "haven't", "hasn't", "wasn't", "before i", "once", "shall", "may", "might", "unless",
        "want me", "like me", "happy to", "whether", "until", "never", "no", "usually", "normally",
        "within",
    ];
    let hedged = hedged.iter().any(|p| joined.contains(&format!(" {p} ")));
    (!hedged).then_some(said)
}

fn moves(said: &[String]) -> bool {
    let joined = format!(" {} ", said.join(" "));
    let has = |phrases: &[&str]| phrases.iter().any(|p| joined.contains(&format!(" {p} ")));
    if has(&[
        "putting you through",
        "put you through",
        "passing you over",
        "passing you to",
        "handing you over",
    ]) {
        return true;
    }
    said.iter().enumerate().any(|(i, w)| {
        let Some(verb) = VERBS.iter().position(|v| v == w) else {
            return false;
        };
        let object = said.get(i + 1).is_some_and(|n| n == "you" || n == "your");
        let before = &said[i.saturating_sub(4)..i];
        let first_person = before.iter().any(|b| {
            matches!(
                b.as_str(),
                "i'll" | "i'm" | "i" | "we'll" | "we're" | "me" | "am"
            )
        });
        let going = verb < 4;
        object && (going || first_person)
    })
}

/// "I have opened a ticket", "we're issuing your refund", and "your visit is booked".
fn acts(said: &[String], looked_up: bool) -> bool {
    let is = |w: &String, of: &[&str]| of.contains(&w.as_str());
    let thing = said
        .iter()
        .any(|w| THINGS.contains(&w.trim_end_matches('s')));
    let somebody = thing || said.iter().any(|w| is(w, &["it", "it's", "you"]));
    said.iter().enumerate().any(|(i, w)| {
        let before = &said[i.saturating_sub(3)..i];
        let done = ACTS.iter().any(|a| a.0 == w);
        let going = ACTS.iter().any(|a| a.1 == w);
        let ours = before.iter().any(|b| is(b, &["i", "i've", "we", "we've"]));
        let passive = before.iter().any(|b| is(b, &["is", "it's", "been"])) && !looked_up;
        let now = before
            .last()
            .is_some_and(|b| is(b, &["i'm", "am", "we're", "now"]));
        (done && (ours || passive) && somebody) || (going && now && thing)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_told_from_offers() {
        for claim in [
            "I'm transferring you to billing now.",
            "Okay. Let me connect you with a colleague.",
            "I'll put you through.",
            "Please hold while I transfer you.",
            "Great, connecting you now!",
            "I am going to forward you to our repairs team.",
        ] {
            assert!(claims_transfer(claim), "{claim}");
            assert_eq!(claims_act(claim, false), None, "{claim}");
        }
        for no in [
            "Would you like me to transfer you to billing?",
            "I can't transfer you there.",
            "If you like I can connect you with a person.",
            "Shall I put you through?",
            "Your payment was transferred yesterday.",
            "I can put you through to billing.",
            "I'm connecting the dots here.",
            "",
        ] {
            assert!(!claims_transfer(no), "{no}");
        }
    }

    #[test]
    fn what_was_done_is_told_from_what_may_be() {
        for claim in [
            "I've opened a ticket for you.",
            "I have booked the engineer for Tuesday.",
            "Your refund has been issued.",
            "Thank you. The visit is booked for Tuesday.",
            "I'm issuing your refund right now.",
            "We have cancelled your appointment.",
            "It's booked.",
            "I have refunded you forty pounds.",
        ] {
            assert!(claims_act(claim, false).is_some(), "{claim}");
        }
        for no in [
            "Shall I open a ticket?",
            "I can book an engineer for you.",
            "I have not opened a ticket yet.",
            "Would you like me to issue a refund?",
            "Once the ticket is opened, you get a message.",
            "When was the visit booked?",
            "You said that you were charged twice.",
            "I see your last order from Tuesday.",
            "The office is opened by the caretaker.",
            "I'm looking at your booking.",
            "Refunds are processed within five days if they are approved.",
            "A refund is usually processed on the same day.",
        ] {
            assert_eq!(claims_act(no, false), None, "{no}");
        }
        assert_eq!(claims_act("Your visit is booked for Friday.", true), None);
        assert!(claims_act("I have booked your visit.", true).is_some());
    }
}
