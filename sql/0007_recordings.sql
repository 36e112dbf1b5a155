-- Recordings: which file has the sound of a call, whether it is whole, and by which key it can be heard.
CREATE TABLE recordings (
    call_id   TEXT   NOT NULL PRIMARY KEY,
    path      TEXT   NOT NULL,    -- in the directory for recordings
    key_id    TEXT,               -- NULL: not encrypted
    started   BIGINT NOT NULL,
    pauses    BIGINT NOT NULL,
    ended     BIGINT,             -- NULL: it is being recorded
    outcome   TEXT,               -- whole, no_room, failed, lost
    ms        BIGINT,
    bytes     BIGINT,
    sha256    TEXT,               -- of the whole file
    lost_ms   BIGINT              -- silence because the disk was too slow
);
