-- How long a caller waited for a person, and what came of it: the first thing that whoever runs a queue asks of a call's record.
ALTER TABLE calls ADD COLUMN queue TEXT;      -- the queue that they waited in last
ALTER TABLE calls ADD COLUMN queue_end TEXT;  -- taken, left, too_long, nobody_there, full, hung_up, closing, ended; NULL: they wait, or never did
ALTER TABLE calls ADD COLUMN queue_ms BIGINT; -- milliseconds in all queues of the call
