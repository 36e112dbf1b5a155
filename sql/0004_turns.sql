-- The transcript: what the caller said, and what they heard (not what an agent meant to say,
-- where they cut it off).
CREATE TABLE turns (
    call_id           TEXT    NOT NULL,
    turn              TEXT    NOT NULL,     -- t1, t2, ...
    seq               BIGINT  NOT NULL,     -- of the event: the order within the call
    at                BIGINT  NOT NULL,
    speaker           TEXT    NOT NULL,     -- caller, caller_keys, agent:NAME
    text              TEXT    NOT NULL,
    generated         TEXT,                 -- what an agent meant to say, when that differs
    interrupted       BOOLEAN NOT NULL,
    confidence        BIGINT  NOT NULL,     -- 0 to 1000
    intent            TEXT,
    intent_confidence BIGINT,
    understood_by     TEXT,                 -- phrase, classifier, model, key; NULL: not a turn to understand
    PRIMARY KEY (call_id, turn)
);
