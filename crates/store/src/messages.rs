//! Messages that callers left.

use crate::{
    Store, StoreError,
    calls::like_escaped,
    sql::{Row, Statement, stmt},
    words::{maybe_time, time, word},
};
use serde::Serialize;
use tandem_types::{
    CallId, MessageId, Wall,
    journal::{Event, What},
};

/// A message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MessageRow {
    /// Its id.
    pub message: MessageId,
    /// The call in which it was left.
    pub call: CallId,
    /// The dialplan and the name of the mailbox.
    pub mailbox: String,
    /// Who called; empty when withheld.
    pub from: String,
    /// The file, in the directory for recordings.
    pub path: String,
    /// The name of the key that it is encrypted by, if it is.
    pub key_id: Option<String>,
    /// When it began.
    #[serde(with = "time")]
    pub started: Wall,
    /// `None`: it is being left.
    #[serde(with = "maybe_time")]
    pub ended: Option<Wall>,
    /// `key`, `silence`, `longest`, `hung_up`, `disk`, `ended`.
    pub ended_by: Option<String>,
    /// `whole`, `no_room`, `failed`, `lost`.
    pub outcome: Option<String>,
    /// Milliseconds; 0: the process ended first, and only the file knows.
    pub ms: Option<u64>,
    /// When somebody heard it; `None`: it is new.
    #[serde(with = "maybe_time")]
    pub heard: Option<Wall>,
    /// Who: `phone:201`, `command`.
    pub heard_by: Option<String>,
    /// What was said in it.
    pub transcript: Option<String>,
    /// When a mail server took the mail about it.
    #[serde(with = "maybe_time")]
    pub mailed: Option<Wall>,
    /// How often none did.
    pub mail_tries: u32,
    /// What went wrong last.
    pub mail_error: Option<String>,
    /// It is not tried again.
    pub mail_given_up: bool,
}

/// Which messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageFilter {
    /// This one.
    pub message: Option<MessageId>,
    /// Of this mailbox: its dialplan and name, or its name.
    pub mailbox: Option<String>,
    /// Begun then or later.
    pub since: Option<Wall>,
    /// No more than these, the newest.
    pub limit: Option<u32>,
}

impl Store {
    /// Messages that wait, the oldest first: those that are kept, and not deleted.
    pub async fn messages(&self, filter: &MessageFilter) -> Result<Vec<MessageRow>, StoreError> {
        let mailbox = filter.mailbox.as_ref();
        let ending = mailbox.map(|m| format!("%/{}", like_escaped(m)));
        let select = stmt!(
            "SELECT message_id, call_id, mailbox, COALESCE(from_number, '') AS from_number, path, key_id, m.started AS started,
                    m.ended AS ended, m.ended_by AS ended_by, outcome, ms, heard, heard_by, transcript, mailed, mail_tries,
                    mail_error, mail_given_up
             FROM messages m LEFT JOIN calls c ON c.uniqueid = m.call_id
             WHERE kept AND deleted IS NULL AND ($1 IS NULL OR mailbox = $1 OR mailbox LIKE $2 ESCAPE '!')
                   AND ($4 IS NULL OR m.started >= $4) AND ($5 IS NULL OR message_id = $5)
             ORDER BY m.started DESC, message_id DESC LIMIT $3",
            mailbox,
            ending,
            i64::from(filter.limit.unwrap_or(u32::MAX)),
            filter.since,
            filter.message
        );
        let rows = self.rows(&select).await?;
        let mut found: Vec<MessageRow> = rows.iter().map(read).collect::<Result<_, _>>()?;
        found.reverse();
        Ok(found)
    }

    /// The files of messages that nobody is to hear any more.
    pub async fn erased_messages(&self) -> Result<Vec<String>, StoreError> {
        let select = stmt!("SELECT path FROM messages WHERE deleted IS NOT NULL OR NOT kept");
        let rows = self.rows(&select).await?;
        rows.iter().map(|row| row.text("path")).collect()
    }
}

fn read(row: &Row) -> Result<MessageRow, StoreError> {
    Ok(MessageRow {
        message: row.parsed("message_id")?,
        call: row.parsed("call_id")?,
        mailbox: row.text("mailbox")?,
        from: row.text("from_number")?,
        path: row.text("path")?,
        key_id: row.maybe_text("key_id")?,
        started: Wall(row.int("started")?),
        ended: row.time("ended")?,
        ended_by: row.maybe_text("ended_by")?,
        outcome: row.maybe_text("outcome")?,
        ms: row.maybe("ms")?,
        heard: row.time("heard")?,
        heard_by: row.maybe_text("heard_by")?,
        transcript: row.maybe_text("transcript")?,
        mailed: row.time("mailed")?,
        mail_tries: row.int("mail_tries")?,
        mail_error: row.maybe_text("mail_error")?,
        mail_given_up: row.bool("mail_given_up")?,
    })
}

/// What an event changes.
pub(crate) fn statements(e: &Event) -> Vec<Statement> {
    let statement = match &e.what {
        What::MessageStarted {
            message,
            mailbox,
            path,
            key,
        } => stmt!(
            "INSERT INTO messages (message_id, call_id, mailbox, path, key_id, started, mail_tries, mail_given_up)
             VALUES ($1, $2, $3, $4, $5, $6, 0, FALSE) ON CONFLICT (message_id) DO NOTHING",
            *message,
            e.call,
            mailbox,
            path,
            key.as_ref(),
            e.at
        ),
        What::MessageEnded {
            message,
            by,
            kept,
            sum,
        } => stmt!(
            "UPDATE messages SET ended = $2, ended_by = $3, kept = $4, outcome = $5, ms = $6, bytes = $7, sha256 = $8
             WHERE message_id = $1",
            *message,
            e.at,
            word(by),
            *kept,
            word(&sum.end),
            sum.ms,
            sum.bytes,
            sum.sha256.as_ref()
        ),
        What::MessageHeard { message, by } => stmt!(
            "UPDATE messages SET heard = $2, heard_by = $3 WHERE message_id = $1",
            *message,
            e.at,
            by
        ),
        What::MessageDeleted { message, by } => stmt!(
            "UPDATE messages SET deleted = $2, deleted_by = $3, transcript = NULL WHERE message_id = $1",
            *message,
            e.at,
            by
        ),
        What::MessageTranscribed { message, text } => stmt!(
            "UPDATE messages SET transcript = $2 WHERE message_id = $1",
            *message,
            text
        ),
        What::MessageMailed { message, to } => stmt!(
            "UPDATE messages SET mailed = $2, mail_to = $3 WHERE message_id = $1",
            *message,
            e.at,
            to.join(", ")
        ),
        What::MailFailed {
            message,
            why,
            given_up,
        } => stmt!(
            "UPDATE messages SET mail_tries = mail_tries + 1, mail_error = $2, mail_given_up = $3 WHERE message_id = $1",
            *message,
            why,
            *given_up
        ),
        _ => return Vec::new(),
    };
    vec![statement]
}
