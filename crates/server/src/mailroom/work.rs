//! What is due for which message, and when it is tried again.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use tandem_call::MessageAct;
use tandem_dialplan::Mailbox;
use tandem_store::MessageRow;
use tandem_types::{MessageId, Wall};

/// From one try to the next: this, doubling to the most.
const PAUSE: Duration = Duration::from_secs(5);
const PAUSE_MOST: Duration = Duration::from_secs(3600);
/// No mail is tried for longer (RFC 5321 section 4.5.4.1).
const TRIED: Duration = Duration::from_secs(5 * 86_400);

/// Messages before this are not looked at: what could be done about them was done, or given up.
pub(super) fn since(now: Wall) -> Wall {
    Wall(now.0 - 2 * TRIED.as_micros() as i64)
}

/// What comes next for a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Todo {
    Nothing,
    Transcribe,
    Mail,
}

/// What is known of a message before the table has it.
#[derive(Debug, Default)]
struct Known {
    /// It was tried once: `None` inside, in vain.
    transcript: Option<Option<String>>,
    /// Mailed, or given up.
    done: bool,
    tries: u32,
    not_before: Wall,
}

/// Of each message for which something is left to do.
#[derive(Debug, Default)]
pub(super) struct Work(BTreeMap<MessageId, Known>);

impl Work {
    /// Forgets those that are gone.
    pub(super) fn keep(&mut self, rows: &[MessageRow]) {
        let there: BTreeSet<MessageId> = rows.iter().map(|row| row.message).collect();
        self.0.retain(|message, _| there.contains(message));
    }

    pub(super) fn todo(&self, row: &MessageRow, mailbox: &Mailbox, now: Wall) -> Todo {
        let nothing = Known::default();
        let known = self.0.get(&row.message).unwrap_or(&nothing);
        let written = row.transcript.is_some() || known.transcript.is_some();
        let over = row.mailed.is_some() || row.mail_given_up || known.done;
        if mailbox.transcript.is_some() && !written && !over {
            return Todo::Transcribe;
        }
        let wanted = !mailbox.mail_to.is_empty() && !over;
        match wanted && now >= known.not_before {
            true => Todo::Mail,
            false => Todo::Nothing,
        }
    }

    /// `None`: it could not be written down, and is not tried again.
    pub(super) fn transcribed(&mut self, message: MessageId, text: Option<String>) {
        self.0.entry(message).or_default().transcript = Some(text);
    }

    /// What was said in a message, as far as that is known.
    pub(super) fn words(&self, row: &MessageRow) -> Option<String> {
        let known = self.0.get(&row.message).and_then(|k| k.transcript.clone());
        row.transcript.clone().or_else(|| known.flatten())
    }

    /// What became of a mail: to be journaled.
    pub(super) fn mailed(
        &mut self,
        row: &MessageRow,
        mailbox: &Mailbox,
        sent: Result<(), String>,
        now: Wall,
    ) -> MessageAct {
        let known = self.0.entry(row.message).or_default();
        match sent {
            Ok(()) => {
                known.done = true;
                MessageAct::Mailed(mailbox.mail_to.clone())
            }
            Err(why) => {
                let given_up = now >= row.started + TRIED;
                let pause = PAUSE
                    .saturating_mul(1 << known.tries.min(16))
                    .min(PAUSE_MOST);
                known.tries += 1;
                known.not_before = now + pause;
                known.done = given_up;
                MessageAct::Unmailed { why, given_up }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tandem_dialplan::{Destination, Greeting};
    use tandem_types::CallId;

    fn row() -> MessageRow {
        let call = CallId(1);
        MessageRow {
            message: MessageId { call, index: 1 },
            call,
            mailbox: "head/general".to_owned(),
            from: String::new(),
            path: "a.wav".to_owned(),
            key_id: None,
            started: Wall(1_000_000),
            ended: Some(Wall(9_000_000)),
            ended_by: None,
            outcome: None,
            ms: Some(8000),
            heard: None,
            heard_by: None,
            transcript: None,
            mailed: None,
            mail_tries: 0,
            mail_error: None,
            mail_given_up: false,
        }
    }

    fn mailbox(mail_to: &[&str], transcript: Option<&str>) -> Mailbox {
        Mailbox {
            spoken: String::new(),
            greeting: Greeting::Text(String::new()),
            language: None,
            phones: Vec::new(),
            answers_for: Vec::new(),
            mail_to: mail_to.iter().map(|s| (*s).to_owned()).collect(),
            attach: true,
            transcript: transcript.map(str::to_owned),
            pin: None,
            max_length: Duration::from_secs(60),
            min_length: Duration::ZERO,
            silence: Duration::from_secs(5),
            then: Destination::Hangup,
            says: BTreeMap::new(),
        }
    }

    #[test]
    fn words_come_before_the_mail_and_a_recogniser_in_vain_holds_nothing_up() {
        let (row, of) = (row(), mailbox(&["a@b.example"], Some("fast")));
        let now = Wall(10_000_000);
        let mut work = Work::default();
        assert_eq!(work.todo(&row, &of, now), Todo::Transcribe);
        work.transcribed(row.message, None);
        assert_eq!(work.todo(&row, &of, now), Todo::Mail);
        assert_eq!(work.words(&row), None);
        work.transcribed(row.message, Some("hello".to_owned()));
        assert_eq!(work.words(&row).as_deref(), Some("hello"));
        let act = work.mailed(&row, &of, Ok(()), now);
        assert_eq!(act, MessageAct::Mailed(of.mail_to.clone()));
        assert_eq!(work.todo(&row, &of, now), Todo::Nothing);
        work.keep(&[]);
        let mailed = MessageRow {
            mailed: Some(now),
            ..row
        };
        assert_eq!(work.todo(&mailed, &of, now), Todo::Nothing, "by the table");
        let plain = mailbox(&[], None);
        assert_eq!(work.todo(&row_of(&mailed), &plain, now), Todo::Nothing);
    }

    fn row_of(row: &MessageRow) -> MessageRow {
        MessageRow {
            mailed: None,
            ..row.clone()
        }
    }

    #[test]
    fn a_server_that_is_down_is_tried_less_and_less_often_for_five_days() {
        let (row, of) = (row(), mailbox(&["a@b.example"], None));
        let mut work = Work::default();
        let mut now = row.started;
        let (mut pauses, mut tries) = (Vec::new(), 0);
        loop {
            assert_eq!(work.todo(&row, &of, now), Todo::Mail);
            tries += 1;
            let act = work.mailed(&row, &of, Err("down".to_owned()), now);
            let MessageAct::Unmailed { given_up, .. } = act else {
                panic!("{act:?}")
            };
            if given_up {
                break;
            }
            let before = now;
            while work.todo(&row, &of, now) == Todo::Nothing {
                now = now + Duration::from_secs(1);
            }
            pauses.push((now.0 - before.0) / 1_000_000);
        }
        assert_eq!(pauses[..4], [5, 10, 20, 40]);
        assert_eq!(pauses.iter().max(), Some(&3600));
        assert!((120..150).contains(&tries), "{tries} tries");
        assert!(now.0 - row.started.0 >= 5 * 86_400 * 1_000_000);
        assert_eq!(work.todo(&row, &of, now + PAUSE_MOST), Todo::Nothing);
    }
}
