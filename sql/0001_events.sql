-- The journal as rows: what every other table is a view of, and what proves that nothing was
-- changed afterwards. `hash` is sha256(prev || json), so `json` is the text that was hashed and is
-- kept as text: a JSON type of the database would spell it anew.
--
-- Common to all tables: times are microseconds since 1970 in UTC; names of enums are lower case as
-- in the journal. There are no foreign keys on purpose: when a full disk has cost the journal an
-- event, the rows that follow must still go in.
CREATE TABLE events (
    call_id TEXT    NOT NULL,
    seq     BIGINT  NOT NULL,   -- from 1, without gaps
    at      BIGINT  NOT NULL,
    type    TEXT    NOT NULL,
    json    TEXT    NOT NULL,
    prev    TEXT    NOT NULL,   -- hash of the call's event before; 64 zeros for the first
    hash    TEXT    NOT NULL,
    PRIMARY KEY (call_id, seq)
);

-- How far each journal is written into these tables. It changes in the transaction that writes
-- the rows, which is why an event is written exactly once.
CREATE TABLE journal_positions (
    journal TEXT   NOT NULL,    -- the journal's own id: several gateways may share a database
    shard   BIGINT NOT NULL,
    segment BIGINT NOT NULL,
    byte    BIGINT NOT NULL,
    PRIMARY KEY (journal, shard)
);

-- Lines that could not become rows: kept for a person to look at, so that they stop nothing.
CREATE TABLE journal_faults (
    journal TEXT   NOT NULL,
    shard   BIGINT NOT NULL,
    segment BIGINT NOT NULL,
    byte    BIGINT NOT NULL,
    why     TEXT   NOT NULL,
    line    TEXT   NOT NULL,
    PRIMARY KEY (journal, shard, segment, byte)
);
