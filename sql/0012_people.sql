-- People whom queues do not ring: a pause lasts until it is taken back, whatever becomes of the process meanwhile.
CREATE TABLE people (
    person     TEXT    NOT NULL PRIMARY KEY,   -- what their phone registers as, else what is dialled
    paused     BOOLEAN NOT NULL,
    changed    BIGINT  NOT NULL,
    changed_by TEXT    NOT NULL                -- phone, command, unanswered, they speak
);
