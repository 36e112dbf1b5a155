-- Call detail records: one row for each call, whatever legs and transfers it had. Billing and
-- reports read this table, so it has the columns that PBX admins know from elsewhere
-- (uniqueid, linkedid, disposition, billsec).
CREATE TABLE calls (
    uniqueid    TEXT   NOT NULL PRIMARY KEY,
    linkedid    TEXT   NOT NULL,    -- the first call of those that became one
    started     BIGINT NOT NULL,
    answered    BIGINT,
    ended       BIGINT,             -- NULL: it goes on
    duration_ms BIGINT,             -- from admission to end
    billed_ms   BIGINT,             -- from answer to end
    billsec     BIGINT,             -- the same in whole seconds that were completed
    disposition TEXT,               -- ANSWERED, NO ANSWER, BUSY, CONGESTION, FAILED
    from_number TEXT   NOT NULL,    -- empty: withheld
    to_number   TEXT   NOT NULL,
    via         TEXT   NOT NULL,    -- trunk, or phone:EXT
    dialplan    TEXT,
    start       TEXT   NOT NULL,    -- the destination it began at
    sip_call_id TEXT   NOT NULL,
    agent       TEXT,               -- the AI agent who had the caller last
    disclosed   BIGINT,             -- when the caller was told that it is an AI
    ended_by    TEXT,
    reason      TEXT,
    sip         BIGINT,             -- status, or 0
    q850        BIGINT,             -- cause, or 0
    last_seq    BIGINT NOT NULL,    -- end of the hash chain, so that missing last events are seen
    last_hash   TEXT   NOT NULL
);
CREATE INDEX calls_started ON calls (started);
CREATE INDEX calls_from ON calls (from_number);
CREATE INDEX calls_to ON calls (to_number);
