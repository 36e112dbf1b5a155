//! A question that is answered by keys, and where each answer leads: no agent has a part in it.
//!
//! ```text
//!   digit --most digits, or `end_key` after enough--> the answer --look-up, if there is one--> branches, `then`
//!     |  `*`: begun anew                                  | nobody has that number (404)
//!     |  none for `digit_timeout`, or `end_key` too soon  v
//!     +--------------------------------------------> a wrong answer
//! ```

use super::Destination;
use crate::Pattern;
use std::{fmt, sync::Arc, time::Duration};
use tandem_types::tool::HttpLookup;

/// The key by which callers begin their answer anew, where it does not end it.
const ANEW: char = '*';

/// A question. Its name is what the answer is called among what is known of the caller.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// What is said.
    pub prompt: String,
    /// What is said before it to somebody whose answer was wrong.
    pub wrong: Option<String>,
    /// The fewest digits of an answer, and the most.
    pub digits: (u32, u32),
    /// They may be read out instead of keyed.
    pub speech: bool,
    /// Ends an answer that may be longer.
    pub end_key: Option<char>,
    /// Silence after the prompt.
    pub timeout: Duration,
    /// So long after a digit the next one may come.
    pub digit_timeout: Duration,
    /// How often it is asked again.
    pub retries: u32,
    /// It is kept from whoever need not see it.
    pub sensitive: bool,
    /// Another system is asked for it.
    pub lookup: Option<Arc<HttpLookup>>,
    /// What the caller hears while it is.
    pub meanwhile: Option<String>,
    /// The first that holds.
    pub branches: Vec<Branch>,
    /// Where every other answer leads.
    pub then: Destination,
    /// Where somebody goes who gives no answer, and everybody while the other system does not work.
    pub otherwise: Destination,
}

/// A way for some answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Branch {
    /// Which.
    pub on: BranchOn,
    /// Where they lead.
    pub to: Destination,
}

/// What a branch goes by.
#[derive(Clone, Debug, PartialEq)]
pub enum BranchOn {
    /// What was keyed.
    Answer(Vec<Pattern>),
    /// What is known of the caller under a name is one of these.
    Fact(String, Vec<String>),
}

impl fmt::Display for BranchOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(patterns) => {
                let all: Vec<&str> = patterns.iter().map(Pattern::as_str).collect();
                f.write_str(&all.join(", "))
            }
            Self::Fact(name, values) => write!(f, "{name} is {}", values.join(", ")),
        }
    }
}

/// What was keyed so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// More may come.
    More(String),
    /// This is the answer.
    Whole(String),
    /// This is none.
    Wrong,
}

impl Ask {
    /// What it is when `key` follows `typed`.
    pub fn keyed(&self, typed: &str, key: char) -> Typed {
        match key {
            _ if self.end_key == Some(key) => self.settled(typed),
            ANEW => Typed::More(String::new()),
            '0'..='9' => {
                let typed = format!("{typed}{key}");
                match typed.len() >= self.digits.1 as usize {
                    true => Typed::Whole(typed),
                    false => Typed::More(typed),
                }
            }
            _ => Typed::Wrong,
        }
    }

    /// What it is when no other key follows.
    pub fn settled(&self, typed: &str) -> Typed {
        match typed.len() >= self.digits.0 as usize {
            true => Typed::Whole(typed.to_owned()),
            false => Typed::Wrong,
        }
    }

    /// What it is when somebody has said all of it at once.
    pub fn whole(&self, said: &str) -> Typed {
        match said.len() > self.digits.1 as usize {
            true => Typed::Wrong,
            false => self.settled(said),
        }
    }

    /// Where an answer leads, with what is known of the caller by then.
    pub fn way<'a>(
        &self,
        answer: &str,
        known: impl Fn(&str) -> Option<&'a str>,
    ) -> (&Destination, Option<usize>) {
        let holds = |b: &Branch| match &b.on {
            BranchOn::Answer(patterns) => patterns.iter().any(|p| p.matches(answer)),
            BranchOn::Fact(name, values) => known(name)
                .is_some_and(|value| values.iter().any(|v| v.eq_ignore_ascii_case(value))),
        };
        match self.branches.iter().position(holds) {
            Some(at) => (&self.branches[at].to, Some(at)),
            None => (&self.then, None),
        }
    }

    /// All that it may lead to.
    pub fn ways(&self) -> impl Iterator<Item = &Destination> {
        let branches = self.branches.iter().map(|b| &b.to);
        branches.chain([&self.then, &self.otherwise])
    }

    /// What is said to somebody whose answer was wrong.
    pub fn again(&self) -> String {
        match &self.wrong {
            Some(wrong) => format!("{wrong} {}", self.prompt),
            None => self.prompt.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Typed::*, *};

    fn ask(digits: (u32, u32), end_key: Option<char>) -> Ask {
        let pattern = |p: &str| Pattern::parse(p).expect("a pattern");
        Ask {
            prompt: "Your number?".into(),
            wrong: Some("No.".into()),
            digits,
            speech: false,
            end_key,
            timeout: Duration::from_secs(6),
            digit_timeout: Duration::from_secs(3),
            retries: 2,
            sensitive: false,
            lookup: None,
            meanwhile: None,
            branches: vec![
                Branch {
                    on: BranchOn::Answer(vec![pattern("_9XX"), pattern("123")]),
                    to: Destination::Echo,
                },
                Branch {
                    on: BranchOn::Fact("status".into(), vec!["Overdue".into()]),
                    to: Destination::Queue("billing".into()),
                },
            ],
            then: Destination::Menu("main".into()),
            otherwise: Destination::Hangup,
        }
    }

    #[test]
    fn an_answer_is_whole_with_its_last_digit() {
        let a = ask((3, 3), None);
        assert_eq!(a.keyed("12", '3'), Whole("123".into()));
        assert_eq!(a.keyed("1", '2'), More("12".into()));
        assert_eq!(a.settled("12"), Wrong);
        assert_eq!(a.keyed("12", '#'), Wrong);
        assert_eq!(a.keyed("12", 'A'), Wrong);
    }

    #[test]
    fn an_answer_of_some_length_ends_with_its_key_or_with_silence() {
        let a = ask((2, 4), Some('#'));
        assert_eq!(a.keyed("12", '#'), Whole("12".into()));
        assert_eq!(a.keyed("1", '#'), Wrong);
        assert_eq!(a.keyed("", '#'), Wrong);
        assert_eq!(a.keyed("123", '4'), Whole("1234".into()));
        assert_eq!(a.settled("12"), Whole("12".into()));
        assert_eq!(a.keyed("12", '*'), More(String::new()));
        assert_eq!(ask((2, 4), Some('*')).keyed("12", '*'), Whole("12".into()));
    }

    #[test]
    fn the_first_branch_that_holds_has_the_caller() {
        let a = ask((3, 3), None);
        let status = |value| move |name: &str| (name == "status").then_some(value);
        assert_eq!(a.way("987", status("overdue")).0, &Destination::Echo);
        assert_eq!(a.way("123", |_| None).0, &Destination::Echo);
        let billing = Destination::Queue("billing".into());
        assert_eq!(a.way("321", status("overdue")), (&billing, Some(1)));
        assert_eq!(a.way("321", status("paid")), (&a.then, None));
        assert_eq!(a.way("321", |_| None), (&a.then, None));
    }

    #[test]
    fn whoever_was_wrong_is_told_so_first() {
        let mut a = ask((3, 3), None);
        assert_eq!(a.again(), "No. Your number?");
        a.wrong = None;
        assert_eq!(a.again(), "Your number?");
    }
}
