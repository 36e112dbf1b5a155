-- Transfers to people, with the time of each step, and each person or trunk that was tried.
CREATE TABLE transfers (
    transfer      TEXT   NOT NULL PRIMARY KEY,
    call_id       TEXT   NOT NULL,
    handoff       TEXT   NOT NULL,
    kind          TEXT   NOT NULL,  -- warm, cold
    to_holder     TEXT   NOT NULL,
    outcome       TEXT,             -- completed, failed; NULL: under way
    failed_reason TEXT,
    attempts      BIGINT NOT NULL,
    started       BIGINT NOT NULL,
    rang          BIGINT,           -- first time each from here on
    answered      BIGINT,
    briefed       BIGINT,
    brief         TEXT,             -- the words that the person heard
    accepted      BIGINT,
    accepted_by   TEXT,             -- key 1, answer, 202
    bridged       BIGINT,
    ended         BIGINT
);
CREATE INDEX transfers_call ON transfers (call_id);

CREATE TABLE transfer_attempts (
    transfer TEXT   NOT NULL,
    attempt  BIGINT NOT NULL,       -- counts from 1
    leg      TEXT,                  -- NULL: by REFER
    target   TEXT   NOT NULL,
    dialled  BIGINT NOT NULL,
    rang     BIGINT,
    answered BIGINT,
    briefed  BIGINT,
    accepted BIGINT,
    failed   BIGINT,
    reason   TEXT,
    sip      BIGINT,
    PRIMARY KEY (transfer, attempt)
);
