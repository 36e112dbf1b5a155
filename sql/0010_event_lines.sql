-- Events, those of one call that were written together in one row, as the lines of the journal that they are: a call of a minute has
-- two dozen events, and a row for each of them, in two trees, was most of what a call cost the database. Each line is
-- {"event":{...},"hash":"...","prev":"..."} with a line feed; `hash` is sha256(prev || the text of the event), so it is kept as text.
CREATE TABLE event_lines (
    call_id   TEXT   NOT NULL,
    first_seq BIGINT NOT NULL,   -- of the events in it, which follow each other without gaps
    last_seq  BIGINT NOT NULL,
    lines     TEXT   NOT NULL,
    PRIMARY KEY (call_id, first_seq)
);
INSERT INTO event_lines (call_id, first_seq, last_seq, lines)
    SELECT call_id, seq, seq, '{"event":' || json || ',"hash":"' || hash || '","prev":"' || prev || '"}
' FROM events;
DROP TABLE events;

-- Numbers are looked for by a part of them, for which neither is of use.
DROP INDEX calls_from;
DROP INDEX calls_to;
