-- Legs: each is one SIP dialog and one RTP flow. They answer "what did the carrier say, and was
-- there sound both ways" without a packet capture.
CREATE TABLE legs (
    leg         TEXT   NOT NULL PRIMARY KEY,
    call_id     TEXT   NOT NULL,
    number      BIGINT NOT NULL,    -- counts within the call
    role        TEXT   NOT NULL,    -- caller, callee, consult
    peer        TEXT   NOT NULL,
    sip_call_id TEXT   NOT NULL,
    created     BIGINT NOT NULL,
    ringing     BIGINT,
    answered    BIGINT,
    codec       TEXT,
    proved      BIGINT,             -- first proof that somebody is there
    proved_by   TEXT,
    bridged     BIGINT,             -- first joined to another leg without a transfer
    ended       BIGINT,
    ended_by    TEXT,
    reason      TEXT,
    sip         BIGINT,
    q850        BIGINT,
    sent        BIGINT,             -- RTP packets from here on; NULL until the port is given back
    received    BIGINT,
    lost        BIGINT,
    refused     BIGINT,
    jitter_us   BIGINT,
    digits      BIGINT,
    concealed   BIGINT
);
CREATE INDEX legs_call ON legs (call_id);
