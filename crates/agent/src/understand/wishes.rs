//! What a caller wants of the call itself: a person, yes, no, goodbye, go on.

use super::words;

/// For a recogniser in grammar mode.
pub(super) const HINTS: &[&str] = &[
    "a person",
    "a person please",
    "a real person",
    "a human",
    "operator",
    "representative",
    "speak to someone",
    "speak to a person",
    "can I speak to someone",
    "can I speak to a person",
    "I want to speak to someone",
    "I want to talk to a human",
    "I would like to speak to a person",
    "put me through",
    "yes",
    "yes please",
    "no",
    "no thanks",
    "no thank you",
    "that is all",
    "goodbye",
    "never mind",
    "I changed my mind",
    "thank you",
    "okay",
    "hello",
];

/// Nouns that mean a human being whoever says them.
const ALWAYS: &[&str] = &[
    "human",
    "operator",
    "representative",
    "receptionist",
    "human being",
    "real person",
    "live person",
    "actual person",
    "live agent",
    "customer service",
];

/// Nouns that mean one when they are asked for.
const ASKED_FOR: &[&str] = &[
    "person",
    "people",
    "someone",
    "somebody",
    "anyone",
    "anybody",
    "agent",
    "adviser",
    "advisor",
    "staff",
    "manager",
    "supervisor",
    "colleague",
    "rep",
    "lady",
    "man",
    "woman",
];

/// Words that ask for somebody.
const ASKING: &[&str] = &[
    "speak", "talk", "put", "connect", "transfer", "chat", "through",
];

/// Words that ask for anything; only together with `a person` right behind.
const WANTING: &[&str] = &[
    "want", "need", "get", "give", "like", "have", "prefer", "find",
];

const NEGATIONS: &[&str] = &[
    "don't", "dont", "not", "no", "never", "without", "rather", "can't", "didn't", "wasn't",
];

const FILLERS: &[&str] = &[
    "a", "an", "the", "please", "now", "um", "uh", "er", "just", "just", "hello", "hi", "ok",
    "okay", "yes", "real", "thanks",
];

/// Whether the caller asks for a human being.
pub fn wants_person(said: &str) -> bool {
    let said = words(said);
    let core: Vec<&str> = said
        .iter()
        .map(String::as_str)
        .filter(|w| !FILLERS.contains(w))
        .collect();
    if core.len() == 1 && (ASKED_FOR[..5].contains(&core[0]) || core[0] == "agent") {
        return true;
    }
    if core.len() <= 4 && said.join(" ").contains("put me through") {
        return true;
    }
    (0..said.len()).any(|at| asks_at(&said, at))
}

/// Whether the caller asks to be moved and says nothing of what it is about: "please put me through to billing".
pub(crate) fn asks_to_be_moved(said: &str) -> bool {
    const MOVED: [&str; 4] = [
        "put me through",
        "put me on to",
        "connect me",
        "transfer me",
    ];
    const LONGEST: usize = 9;
    let said = words(said);
    let text = said.join(" ");
    said.len() <= LONGEST && !text.contains(" about ") && MOVED.iter().any(|m| text.contains(m))
}

/// Whether a caller who is being put through would rather not be.
pub(crate) fn changes_mind(said: &str) -> bool {
    const WISHES: [&str; 16] = [
        "never mind",
        "nevermind",
        "forget it",
        "forget about it",
        "changed my mind",
        "change my mind",
        "don't bother",
        "don't put me through",
        "do not put me through",
        "don't transfer me",
        "don't connect me",
        "cancel",
        "leave it",
        "go back",
        "stop that",
        "rather stay",
    ];
    /// Longer speech is for somebody else in the room.
    const LONGEST: usize = 12;
    let said = words(said);
    let text = said.join(" ");
    said.len() <= LONGEST && (text == "stop" || WISHES.iter().any(|w| text.contains(w)))
}

/// Whether the noun at `at` is a human being who is asked for.
fn asks_at(said: &[String], at: usize) -> bool {
    let here = said[at].as_str();
    let pair = format!("{here} {}", said.get(at + 1).map_or("", String::as_str));
    let before = &said[at.saturating_sub(7)..at];
    let refused = before.iter().any(|w| NEGATIONS.contains(&w.as_str()))
        && !before
            .iter()
            .any(|w| w == "robot" || w == "machine" || w == "computer");
    if ALWAYS.contains(&here) || ALWAYS.contains(&pair.as_str()) {
        return !refused;
    }
    if !ASKED_FOR.contains(&here) || refused {
        return false;
    }
    let asking = before.iter().rposition(|w| ASKING.contains(&w.as_str()));
    if let Some(verb) = asking {
        // "speak to your letting agent", "talk to the lady about ...": still a person who is asked for.
        return before.len() - verb <= 5;
    }
    let wanting = before.iter().rposition(|w| WANTING.contains(&w.as_str()));
    let article = before.last().is_some_and(|w| w == "a" || w == "an");
    matches!(
        here,
        "person" | "agent" | "adviser" | "advisor" | "rep" | "manager"
    ) && article
        && wanting.is_some_and(|w| before.len() - w <= 3)
        && said.len() - at <= 3
}

/// An answer to a question that we asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum YesNo {
    /// Agreement.
    Yes,
    /// Refusal.
    No,
}

/// Words that agree by themselves, whatever few words follow.
const YES: &[&str] = &[
    "yes",
    "yeah",
    "yep",
    "yup",
    "sure",
    "of course",
    "absolutely",
    "certainly",
    "go ahead",
    "please do",
];

/// Words that refuse by themselves.
const NO: &[&str] = &[
    "no",
    "nope",
    "nah",
    "not really",
    "not now",
    "not today",
    "don't",
    "nothing",
];

/// What agrees or refuses only where nothing else is said: "it is about something else" is no yes.
const WHOLE_YES: &[&str] = &[
    "please",
    "ok",
    "okay",
    "right",
    "correct",
    "fine",
    "alright",
    "all right",
    "i do",
    "it is",
    "i would",
    "that's right",
    "that is right",
    "try again",
    "sounds good",
    "ok please",
    "okay please",
    "i would please",
];
const WHOLE_NO: &[&str] = &[
    "that's all",
    "that is all",
    "that's it",
    "that is it",
    "that's everything",
    "i'm fine",
    "i'm good",
    "i am fine",
    "i am good",
    "that's all thanks",
    "that's all thank you",
    "i'm fine thanks",
    "i'm good thanks",
];

/// What goes with a yes or a no and adds nothing: "no hot water" is more than a no.
const ADDS_NOTHING: &str = " please thanks thank you that that's is it it's all would will be great good \
    lovely fine ok okay sure right correct i i'm am do go ahead of course very much so again try them not \
    really nothing else need now today everything bye goodbye cheers for the help yes yeah no perfect \
    kind put me through to do don't ";

/// Yes or no, where the utterance says little more than that.
pub fn yes_or_no(said: &str) -> Option<YesNo> {
    let said = words(said);
    let joined = said.join(" ");
    if WHOLE_NO.contains(&joined.as_str()) {
        return Some(YesNo::No);
    }
    if WHOLE_YES.contains(&joined.as_str()) {
        return Some(YesNo::Yes);
    }
    let rest = |list: &[&str]| {
        list.iter()
            .map(|p| words(p))
            .filter(|p| said.starts_with(p))
            .map(|p| &said[p.len()..])
            .min_by_key(|r| r.len())
    };
    if let Some(rest) = rest(NO) {
        return rest.iter().all(|w| adds_nothing(w)).then_some(YesNo::No);
    }
    let rest = rest(YES)?;
    let agrees = rest.len() <= 4
        && !rest
            .iter()
            .any(|w| matches!(w.as_str(), "not" | "but" | "don't" | "no"));
    agrees.then_some(YesNo::Yes)
}

/// Whether nothing stands beside the yes or no that could be a wish of its own.
pub(crate) fn only_answers(said: &str) -> bool {
    words(said).iter().all(|w| adds_nothing(w))
}

fn adds_nothing(word: &str) -> bool {
    word == "sure"
        || word == "certainly"
        || word == "absolutely"
        || ADDS_NOTHING.contains(&format!(" {word} "))
}

const FAREWELLS: &[&str] = &[
    "bye",
    "goodbye",
    "bye bye",
    "good bye",
    "see you",
    "cheers bye",
    "that's all",
    "that is all",
    "that's all thanks",
    "that's all thank you",
    "that's everything thanks",
    "thanks bye",
    "thank you bye",
    "thank you goodbye",
    "thanks goodbye",
    "no that's all",
    "no that's all thanks",
    "no that's all thank you",
    "have a nice day",
    "okay bye",
    "ok bye",
];

/// Whether the whole utterance takes leave.
pub fn is_farewell(said: &str) -> bool {
    let said = words(said).join(" ");
    FAREWELLS.contains(&said.as_str())
}

const BACKCHANNEL: &[&str] = &[
    "mm", "mhm", "hmm", "hm", "uh", "huh", "um", "uhuh", "aha", "ah", "oh", "ok", "okay", "yeah",
    "yep", "yes", "right", "sure", "i", "see", "alright", "all", "mmhmm", "uhhuh", "er", "erm",
    "great", "good", "fine", "cool", "nice", "exactly", "true",
];

/// Nothing but "mm-hmm" and "right": the caller listens on and has said nothing.
pub fn is_backchannel(said: &str) -> bool {
    let said = words(said);
    said.len() <= 4 && said.iter().all(|w| BACKCHANNEL.contains(&w.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_heard_when_asked_for() {
        for yes in [
            "a person",
            "Human!",
            "operator please",
            "can I speak to someone",
            "I want to talk to a real person now",
            "get me a representative",
            "put me through to somebody please",
            "I'd like to speak to a member of staff",
            "could you transfer me to an agent",
            "I need a person",
            "is there a human I can talk to",
            "not a robot, I want to talk to a person",
            "let me talk to your manager",
            "put me through please",
        ] {
            assert!(wants_person(yes), "{yes}");
        }
        for no in [
            "my letting agent never called back",
            "someone has parked in my space",
            "I'm a person of few words",
            "I don't want to speak to a person",
            "how many people can live in the flat",
            "the man upstairs makes noise",
            "somebody broke the door",
            "put the rent up",
            "",
        ] {
            assert!(!wants_person(no), "{no}");
        }
    }

    #[test]
    fn yes_and_no_are_short_answers() {
        assert_eq!(yes_or_no("Yes please."), Some(YesNo::Yes));
        assert_eq!(yes_or_no("yeah that would be great"), Some(YesNo::Yes));
        assert_eq!(yes_or_no("no thank you"), Some(YesNo::No));
        assert_eq!(yes_or_no("No, that's all thanks"), Some(YesNo::No));
        assert_eq!(
            yes_or_no("no heating in the whole of the flat since monday"),
            None
        );
        assert_eq!(yes_or_no("my boiler is broken"), None);
        for more in [
            "no hot water",
            "no heating",
            "it is about something else",
            "it is not about a repair",
            "please send somebody today",
            "please check my account",
            "yes but not today",
            "nothing works in the kitchen",
            "",
        ] {
            assert_eq!(yes_or_no(more), None, "{more}");
        }
        assert_eq!(
            yes_or_no("no I'm fine, thank you very much"),
            Some(YesNo::No)
        );
        assert_eq!(yes_or_no("nothing else thanks"), Some(YesNo::No));
        assert_eq!(yes_or_no("please"), Some(YesNo::Yes));
        assert!(!only_answers("yes when do you close") && only_answers("yes please do that"));
    }

    #[test]
    fn listening_noises_are_no_turn() {
        assert!(is_backchannel("mm-hmm"));
        assert!(is_backchannel("uh huh, right"));
        assert!(is_backchannel("I see"));
        assert!(!is_backchannel("stop"));
        assert!(!is_backchannel("okay but my boiler"));
        assert!(is_farewell("Thank you, bye."));
        assert!(!is_farewell("my bill, bye and large"));
    }
}
