//! What becomes of a caller at a question.

use super::Walk;
use tandem_dialplan::{Ask, BranchOn, Destination, Typed};

impl Walk<'_> {
    /// Nobody is asked what they know of an answer here: branches by facts are told, and not taken.
    pub(super) fn ask(&mut self, name: &str) -> Option<Destination> {
        let ask = self.dialplan?.asks.get(name)?;
        let place = format!("ask.{name}");
        self.step(format!("ask:{name} says: {}", ask.prompt), &place);
        let mut wrong = 0;
        let answer = loop {
            match self.answer(ask) {
                Some(Ok(answer)) => break answer,
                Some(Err(typed)) if wrong < ask.retries => {
                    wrong += 1;
                    self.step(format!("{typed} is no answer: {}", ask.again()), &place);
                }
                Some(Err(_)) | None => {
                    let to = &ask.otherwise;
                    let what = format!("no answer: otherwise = {:?}", to.to_string());
                    self.step(what, &format!("{place}.otherwise"));
                    return Some(to.clone());
                }
            }
        };
        self.step(format!("the caller keys {answer}"), &place);
        if let Some(plan) = &ask.lookup {
            let number = self.caller.number.clone();
            let known = |gap: &str| match gap {
                _ if gap == name => Some(answer.clone()),
                "from_e164" => Some(number.clone()),
                _ => None,
            };
            let what = match tandem_agent::tool::lookup(plan, &known) {
                Some(http) => format!("it is looked up: GET {}; not here", http.url),
                None => format!("it is looked up at {}; not here", plan.url.origin),
            };
            self.step(what, &format!("{place}.lookup"));
            for (i, branch) in ask.branches.iter().enumerate() {
                if matches!(branch.on, BranchOn::Fact(..)) {
                    let what = format!("where {}: {}", branch.on, branch.to);
                    self.step(what, &format!("{place}.branch.{i}"));
                }
            }
        }
        let (to, at) = ask.way(&answer, |_| None);
        match at {
            Some(at) => self.step(
                format!("{answer} leads to {to}"),
                &format!("{place}.branch.{at}"),
            ),
            None => self.step(
                format!("then = {:?}", to.to_string()),
                &format!("{place}.then"),
            ),
        }
        Some(to.clone())
    }

    /// The keys of one answer; `Err`: they are none.
    fn answer(&mut self, ask: &Ask) -> Option<Result<String, String>> {
        let mut typed = String::new();
        let mut all = String::new();
        while let Some(key) = self.caller.keys.pop_front() {
            all.push(key);
            match ask.keyed(&typed, key) {
                Typed::More(so_far) => typed = so_far,
                Typed::Whole(answer) => {
                    let spare = |next: &char| *next != key && ask.end_key == Some(*next);
                    if self.caller.keys.front().is_some_and(spare) {
                        self.caller.keys.pop_front();
                    }
                    return Some(Ok(answer));
                }
                Typed::Wrong => return Some(Err(all)),
            }
        }
        if all.is_empty() {
            return None;
        }
        Some(match ask.settled(&typed) {
            Typed::Whole(answer) => Ok(answer),
            Typed::More(_) | Typed::Wrong => Err(all),
        })
    }
}
