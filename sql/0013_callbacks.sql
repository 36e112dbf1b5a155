-- Callers who asked to be called back: by whom, how often that was tried, and how it ended.
CREATE TABLE callbacks (
    callback_id  TEXT    NOT NULL PRIMARY KEY,  -- the call in which they asked
    name         TEXT    NOT NULL,              -- dialplan/name
    number       TEXT    NOT NULL,              -- that is called back
    caller_name  TEXT,
    called       TEXT    NOT NULL,              -- what they had called, and are shown
    via          TEXT    NOT NULL,              -- the trunk
    headline     TEXT    NOT NULL,              -- what people hear
    detail       TEXT    NOT NULL,
    asked        BIGINT  NOT NULL,
    since        BIGINT  NOT NULL,              -- their place in the queue
    tries        BIGINT  NOT NULL,              -- times that their phone was rung
    dialled      BIGINT,                        -- last
    ms           BIGINT  NOT NULL,              -- of speech
    ended        BIGINT,                        -- NULL: it is still to be done
    outcome      TEXT,                          -- done, given_up, expired, cancelled
    ended_by     TEXT
);
CREATE INDEX callbacks_asked ON callbacks (asked);
