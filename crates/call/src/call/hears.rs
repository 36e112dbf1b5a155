//! A phone hears the messages of its mailboxes: what the machine ([`crate::inbox`]) wants done, and in which words.

use super::{Call, Ctx, Purpose, Stage, background::Under, leave::speech};
use crate::{
    inbox::{self, Inbox, Input, Words},
    mailboxes::Held,
    switch::mailboxes_of,
};
use serde::{Deserialize, Serialize};
use tandem_dialplan::Plan;
use tandem_types::{
    Party, Reason, Termination, Wall,
    journal::What,
    media::{Lane, Sound},
};

/// A phone in its mailboxes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hears {
    /// Whose: what it registers as.
    user: String,
    /// Dialplan and name of each.
    mailboxes: Vec<String>,
    inbox: Inbox,
}

impl Hears {
    pub(super) fn poll_timeout(&self) -> Option<(tandem_types::Mono, &'static str)> {
        self.inbox.poll_timeout()
    }
}

impl Call {
    pub(super) fn enter_messages(&mut self, cx: &mut Ctx<'_>) {
        let user = self.leg(self.caller).and_then(|l| l.phone.clone());
        let user = user.unwrap_or_default();
        let mailboxes = mailboxes_of(cx.plan, &user);
        if mailboxes.is_empty() {
            let end = Termination::new(Party::Gateway, Reason::NotAllowed);
            return self.farewell(cx, "This phone has no mailbox.", end);
        }
        let pins = mailboxes.iter().filter_map(|id| cx.plan.mailbox(id));
        let pin = pins.filter_map(|m| m.pin.as_ref()).next();
        let waiting = cx.house.mailboxes.waiting_in(&mailboxes);
        let all = waiting.iter().map(|h| h.message).collect();
        let inbox = Inbox::new(all, pin.map(|p| p.0.clone()));
        self.quiet_background(cx);
        self.stage = Stage::Messages(Box::new(Hears {
            user,
            mailboxes,
            inbox,
        }));
        self.connect_all(cx);
        self.background(cx, self.caller, Some(Under::Comfort));
        self.drain_inbox(cx);
    }

    pub(super) fn inbox_input(&mut self, cx: &mut Ctx<'_>, input: Input) {
        if let Stage::Messages(h) = &mut self.stage {
            h.inbox.handle_input(cx.now.mono, input);
            self.drain_inbox(cx);
        }
    }

    pub(super) fn inbox_due(&mut self, cx: &mut Ctx<'_>) {
        if let Stage::Messages(h) = &mut self.stage {
            h.inbox.handle_timeout(cx.now.mono);
            self.drain_inbox(cx);
        }
    }

    pub(super) fn key_in_inbox(&mut self, cx: &mut Ctx<'_>, digit: char) {
        let Stage::Messages(h) = &self.stage else {
            return;
        };
        let secret = h.inbox.is_secret();
        let leg = self.caller;
        let (digit_kept, did) = match (secret, digit) {
            (true, _) => ('*', "a PIN"),
            (false, '1') => (digit, "plays the message again"),
            (false, '2') => (digit, "saves the message"),
            (false, '3') => (digit, "deletes the message"),
            (false, _) => (digit, "nothing"),
        };
        let what = What::KeyPressed {
            leg,
            digit: digit_kept,
            did: did.to_owned(),
        };
        self.journal(cx, what);
        self.inbox_input(cx, Input::Key(digit));
    }

    fn drain_inbox(&mut self, cx: &mut Ctx<'_>) {
        while let Stage::Messages(h) = &mut self.stage
            && let Some(output) = h.inbox.poll_output()
        {
            self.inbox_output(cx, output);
        }
    }

    fn inbox_output(&mut self, cx: &mut Ctx<'_>, output: inbox::Output) {
        let Stage::Messages(h) = &self.stage else {
            return;
        };
        let by = format!("phone:{}", h.user);
        let sound = match output {
            inbox::Output::Say(words) => {
                let first = h.mailboxes.first().map_or("", String::as_str);
                let words: Vec<String> = words.iter().map(|w| h.words(cx, *w)).collect();
                speech(cx.plan, first, words.join(" "))
            }
            inbox::Output::Play(message) => match cx.house.mailboxes.get(message) {
                Some(held) => Sound::Message {
                    file: held.file.clone(),
                },
                // Another phone has deleted it.
                None => return self.inbox_input(cx, Input::Over(false)),
            },
            inbox::Output::Hush => return self.stop(cx, |p| matches!(p, Purpose::Prompt)),
            inbox::Output::Heard(message) => {
                if cx.house.mailboxes.hear(message) {
                    self.journal(cx, What::MessageHeard { message, by });
                }
                return;
            }
            inbox::Output::Delete(message) => {
                if let Some(held) = cx.house.mailboxes.delete(message) {
                    self.journal(cx, What::MessageDeleted { message, by });
                    let file = held.file;
                    cx.out.push_back(crate::api::Output::Erase { file });
                }
                return;
            }
            inbox::Output::Bye => {
                return self.end(cx, Termination::new(Party::Gateway, Reason::Normal));
            }
        };
        self.play(cx, self.caller, sound, Lane::Voice, Purpose::Prompt);
    }
}

impl Hears {
    fn words(&self, cx: &Ctx<'_>, words: Words) -> String {
        let box_of = |id: &str| cx.plan.mailbox(id);
        let first = self.mailboxes.first().and_then(|id| box_of(id));
        match words {
            Words::Text(what) => first.map_or("", |m| m.says(what)).to_owned(),
            Words::Count => {
                let waiting = cx.house.mailboxes.waiting_in(&self.mailboxes);
                let old = waiting.iter().filter(|h| h.heard).count();
                let new = waiting.len() - old;
                let text = first.map_or("", |m| m.says("count"));
                text.replace("{new}", &new.to_string())
                    .replace("{old}", &old.to_string())
            }
            Words::Head(at) => {
                let message = self.inbox.message(at);
                let held = message.and_then(|m| cx.house.mailboxes.get(m));
                let Some(held) = held else {
                    return first.map_or("", |m| m.says("unheard")).to_owned();
                };
                let kind = if held.heard { "old" } else { "new" };
                let text = box_of(&held.mailbox).or(first).map_or("", |m| m.says(kind));
                text.replace("{n}", &(at + 1).to_string())
                    .replace("{from}", &caller_of(held))
                    .replace("{when}", &when(cx.plan, held, cx.now.wall))
            }
        }
    }
}

/// A number is said digit by digit.
fn caller_of(held: &Held) -> String {
    if let Some(name) = &held.from_name {
        return name.clone();
    }
    if held.from.is_empty() {
        return "a number that is withheld".to_owned();
    }
    in_digits(&held.from)
}

/// A number as it is said; what is none, as it is.
pub(super) fn in_digits(number: &str) -> String {
    let spaced: Vec<String> = number.chars().map(|c| c.to_string()).collect();
    match number.chars().all(|c| c == '+' || c.is_ascii_digit()) {
        true => spaced.join(" ").replace('+', "plus"),
        false => number.to_owned(),
    }
}

/// By the clock of the mailbox's dialplan: `today at 10:15`, `on 21 November at 10:15`.
fn when(plan: &Plan, held: &Held, now: Wall) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let dialplan = held.mailbox.split('/').next().unwrap_or_default();
    let d = plan.dialplans.get(dialplan);
    let local = |at: Wall| {
        let offset = d.map_or(0, |d| d.timezone.offset_minutes(at));
        Wall(at.0 + i64::from(offset) * 60_000_000).to_string()
    };
    let (then, now) = (local(held.at), local(now));
    let part = |text: &str, from: usize, to: usize| text.get(from..to).unwrap_or("").to_owned();
    let clock = part(&then, 11, 16);
    if part(&then, 0, 10) == part(&now, 0, 10) {
        return format!("today at {clock}");
    }
    let month = part(&then, 5, 7).parse().unwrap_or(1usize);
    let month = MONTHS.get(month.saturating_sub(1)).unwrap_or(&"");
    let day = part(&then, 8, 10);
    format!("on {} {month} at {clock}", day.trim_start_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tandem_types::{CallId, MessageId};

    fn held(at: i64, from: &str) -> Held {
        Held {
            message: MessageId {
                call: CallId(1),
                index: 1,
            },
            mailbox: "head/general".to_owned(),
            file: String::new(),
            at: Wall(at * 1_000_000),
            from: from.to_owned(),
            from_name: None,
            heard: false,
        }
    }

    #[test]
    fn a_caller_is_named_or_their_number_said_digit_by_digit() {
        assert_eq!(caller_of(&held(0, "+4479")), "plus 4 4 7 9");
        assert_eq!(caller_of(&held(0, "anna@example")), "anna@example");
        assert_eq!(caller_of(&held(0, "")), "a number that is withheld");
        let named = Held {
            from_name: Some("Anna".to_owned()),
            ..held(0, "+4479")
        };
        assert_eq!(caller_of(&named), "Anna");
    }

    #[test]
    fn the_day_is_said_unless_it_is_today() {
        // 2026-11-05T10:15:00Z
        let at = 1_793_873_700;
        let plan = Plan::default();
        let said = |later: i64| when(&plan, &held(at, ""), Wall((at + later) * 1_000_000));
        assert_eq!(said(3600), "today at 10:15");
        assert_eq!(said(86_400), "on 5 November at 10:15");
    }
}
