-- Messages that callers left: in which mailbox, whether somebody has heard them, and what became of the mail about them.
CREATE TABLE messages (
    message_id   TEXT    NOT NULL PRIMARY KEY,
    call_id      TEXT    NOT NULL,
    mailbox      TEXT    NOT NULL,    -- dialplan/name
    path         TEXT    NOT NULL,    -- in the directory for recordings
    key_id       TEXT,                -- NULL: not encrypted
    started      BIGINT  NOT NULL,
    ended        BIGINT,              -- NULL: it is being left
    ended_by     TEXT,                -- key, silence, longest, hung_up, disk, ended
    kept         BOOLEAN,             -- false: nothing was said, and it was erased
    outcome      TEXT,                -- whole, no_room, failed, lost
    ms           BIGINT,
    bytes        BIGINT,
    sha256       TEXT,                -- of the whole file
    heard        BIGINT,              -- NULL: it is new
    heard_by     TEXT,
    deleted      BIGINT,
    deleted_by   TEXT,
    transcript   TEXT,
    mailed       BIGINT,              -- a mail server has taken the mail
    mail_to      TEXT,
    mail_tries   BIGINT  NOT NULL,    -- that failed
    mail_error   TEXT,                -- of the last of them
    mail_given_up BOOLEAN NOT NULL
);
CREATE INDEX messages_mailbox ON messages (mailbox, started);
