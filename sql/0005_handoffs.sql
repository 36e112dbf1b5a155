-- The handoff ledger: who gave the caller to whom with what context. `package` is the text whose
-- SHA-256 is `sha256`; `delivered_sha256` was computed by the receiver; both must be equal, and
-- every row must come to one terminal state.
CREATE TABLE handoffs (
    handoff          TEXT   NOT NULL PRIMARY KEY,
    call_id          TEXT   NOT NULL,
    from_holder      TEXT   NOT NULL,   -- agent:front-desk, queue:billing, extension:200, ...
    to_holder        TEXT   NOT NULL,
    reason           TEXT   NOT NULL,
    set_off_by       TEXT   NOT NULL,   -- the words, key or phrase
    package          TEXT   NOT NULL,   -- canonical JSON
    sha256           TEXT   NOT NULL,
    state            TEXT   NOT NULL,   -- offered, acknowledged, completed, failed, abandoned
    failed_reason    TEXT,
    delivered_sha256 TEXT,
    delivered        TEXT,              -- in words, where it was spoken or sent
    offered          BIGINT NOT NULL,
    acknowledged     BIGINT,
    entered          BIGINT,            -- when an agent had the caller by it
    ended            BIGINT
);
CREATE INDEX handoffs_call ON handoffs (call_id);
CREATE INDEX handoffs_offered ON handoffs (offered);
