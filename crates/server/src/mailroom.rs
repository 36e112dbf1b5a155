//! What becomes of messages that were left: written down by a recogniser, if there is one, and sent by mail.
//!
//! ```text
//!                      fault: without words
//!                   .------------------------.
//!                   |                        v
//!   left --> [to be written down] --words--> [to be mailed] --taken by the server--> done
//!              (where the plan wants it)      |        ^
//!                                             | fault  | 5 s, doubling to an hour
//!                                             '--------+--> given up after five days (RFC 5321 section 4.5.4.1): an alarm
//! ```
//!
//! The outbox is the table of messages: what no server has taken is there after a restart, and is tried again at once. Each outcome
//! goes into the journal, and from there into the table. A mail may come twice, when the process is killed between the server's
//! answer and the journal: both have one Message-ID.

mod letter;
mod work;

use self::{
    letter::{Letter, post},
    work::{Todo, Work},
};
use crate::{Clock, places::ShardHandle, recorder::kept, shard::ToShard};
use arc_swap::ArcSwap;
use std::{path::PathBuf, sync::Arc, time::Duration};
use tandem_call::{Admin, MessageAct};
use tandem_dialplan::{Mailbox, Plan};
use tandem_speech::Providers;
use tandem_store::{MessageFilter, MessageRow, Rows, Store};
use tandem_types::{MessageId, Wall, provider::Hints};
use tokio::sync::Notify;

/// The outbox is looked into so often, besides whenever a message was left.
const LOOK: Duration = Duration::from_secs(5);
/// So much of a message is written down at a time: recognisers are made for utterances.
const PIECE: usize = 20 * 8000;
/// A piece ends where it is softest within its last so many samples.
const SEAM: usize = 5 * 8000;
/// Samples over which softness is measured.
const SOFT: usize = 800;

/// The task.
pub(crate) struct Mailroom {
    pub(crate) plan: Arc<ArcSwap<Plan>>,
    pub(crate) providers: Arc<ArcSwap<Providers>>,
    pub(crate) config_dir: PathBuf,
    pub(crate) store: Store,
    pub(crate) rows: Rows,
    pub(crate) shard: ShardHandle,
    pub(crate) clock: Clock,
    /// A message was left.
    pub(crate) left: Arc<Notify>,
}

impl Mailroom {
    /// Works until it is dropped.
    pub(crate) async fn run(self) {
        let mut work = Work::default();
        let mut tick = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                () = self.left.notified() => self.rows.written().await,
            }
            self.look(&mut work).await;
        }
    }

    /// Does what is due.
    async fn look(&self, work: &mut Work) {
        let plan = self.plan.load_full();
        let wants = |m: &Mailbox| !m.mail_to.is_empty() || m.transcript.is_some();
        let mut mailboxes = plan.dialplans.values().flat_map(|d| d.voicemail.values());
        if !mailboxes.any(wants) {
            return;
        }
        let filter = MessageFilter {
            since: Some(work::since(self.clock.now().wall)),
            ..MessageFilter::default()
        };
        // A database that is away is asked again; the journal keeps all meanwhile.
        let Ok(found) = self.store.messages(&filter).await else {
            return;
        };
        work.keep(&found);
        for row in &found {
            let Some(mailbox) = plan.mailbox(&row.mailbox) else {
                continue;
            };
            loop {
                let now = self.clock.now().wall;
                match work.todo(row, mailbox, now) {
                    Todo::Nothing => break,
                    Todo::Transcribe => {
                        let text = self.transcribe(&plan, mailbox, row).await;
                        work.transcribed(row.message, text.clone());
                        if let Some(text) = text {
                            self.tell(row.message, MessageAct::Transcribed(text)).await;
                        }
                    }
                    Todo::Mail => {
                        let text = work.words(row);
                        let sent = self.mail(&plan, mailbox, row, text).await;
                        let act = work.mailed(row, mailbox, sent, self.clock.now().wall);
                        self.tell(row.message, act).await;
                    }
                }
            }
        }
    }

    async fn tell(&self, message: MessageId, act: MessageAct) {
        match &act {
            MessageAct::Mailed(_) => {
                metrics::counter!("tandem_mails_total", "outcome" => "taken").increment(1);
            }
            MessageAct::Unmailed { why, given_up } => {
                metrics::counter!("tandem_mails_total", "outcome" => "failed").increment(1);
                if *given_up {
                    tracing::error!(target: "tandem::alarm", %message, why, "a mail about a message was given up");
                } else {
                    tracing::warn!(target: "tandem::voicemail", %message, why, "a mail about a message is tried again");
                }
            }
            MessageAct::Heard | MessageAct::Delete | MessageAct::Transcribed(_) => {}
        }
        self.shard
            .order(ToShard::admin(Admin::Message { message, act }))
            .await;
    }

    async fn transcribe(&self, plan: &Plan, mailbox: &Mailbox, row: &MessageRow) -> Option<String> {
        let profile = mailbox.transcript.as_ref()?;
        let (at, path) = (plan.node.recordings.clone(), row.path.clone());
        let read = tokio::task::spawn_blocking(move || kept::read(&at, &path).ok());
        let pcm = read.await.ok()??;
        let stt = self.providers.load().stt(profile);
        let mut words = Vec::new();
        for piece in pieces(&pcm) {
            match stt.transcribe(piece.into(), &Hints::default()).await {
                Ok(heard) => words.push(heard.text.trim().to_owned()),
                Err(fault) => {
                    tracing::warn!(target: "tandem::voicemail", message = %row.message, ?fault, "a message is not written down");
                    return None;
                }
            }
        }
        words.retain(|w| !w.is_empty());
        (!words.is_empty()).then(|| words.join(" "))
    }

    async fn mail(
        &self,
        plan: &Plan,
        mailbox: &Mailbox,
        row: &MessageRow,
        words: Option<String>,
    ) -> Result<(), String> {
        let mail = plan.node.mail.as_ref().ok_or("tandem.toml has no [mail]")?;
        let (at, path) = (plan.node.recordings.clone(), row.path.clone());
        let read = tokio::task::spawn_blocking(move || kept::wav(&at, &path));
        let wav = read.await.map_err(|e| e.to_string())?;
        let dialplan = row.mailbox.split('/').next().unwrap_or_default();
        let d = plan.dialplans.get(dialplan);
        let offset = d.map_or(0, |d| d.timezone.offset_minutes(row.started));
        let letter = Letter {
            row,
            words,
            to: &mailbox.mail_to,
            from: &mail.from,
            node: &plan.node.name,
            local: Wall(row.started.0 + i64::from(offset) * 60_000_000),
            wav: wav.map_err(|e| e.to_string()),
            attach: mailbox.attach,
        };
        post(mail, &self.config_dir, &plan.node.name, letter).await
    }
}

/// Cut where nobody speaks, as well as that can be done.
fn pieces(pcm: &[i16]) -> Vec<Vec<i16>> {
    let mut out = Vec::new();
    let mut rest = pcm;
    while rest.len() > PIECE {
        let from = PIECE - SEAM;
        let loudness = |at: &usize| -> i64 {
            let window = &rest[*at..*at + SOFT];
            window.iter().map(|s| i64::from(s.unsigned_abs())).sum()
        };
        let seams = (from..PIECE - SOFT).step_by(SOFT / 2);
        let at = seams.min_by_key(loudness).unwrap_or(from) + SOFT / 2;
        let (piece, after) = rest.split_at(at);
        out.push(piece.to_vec());
        rest = after;
    }
    if !rest.is_empty() {
        out.push(rest.to_vec());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_is_cut_where_it_is_silent() {
        let mut pcm = vec![1000i16; 45 * 8000];
        pcm[17 * 8000..17 * 8000 + 1600].fill(0);
        pcm[33 * 8000..33 * 8000 + 1600].fill(0);
        let cut = pieces(&pcm);
        assert_eq!(cut.iter().map(Vec::len).sum::<usize>(), pcm.len());
        let ends: Vec<usize> = cut
            .iter()
            .scan(0, |at, p| {
                *at += p.len();
                Some(*at)
            })
            .collect();
        assert!((17 * 8000..17 * 8000 + 1600).contains(&ends[0]), "{ends:?}");
        assert!((33 * 8000..33 * 8000 + 1600).contains(&ends[1]), "{ends:?}");
        assert!(cut.iter().all(|p| p.len() <= PIECE));
        assert!(pieces(&[]).is_empty());
        assert_eq!(pieces(&[5; 100]), [vec![5; 100]]);
    }
}
