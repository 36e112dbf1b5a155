-- What was signed of the caller's number (STIR/SHAKEN), and whether that is believed: carriers and regulators ask for it, call by call.
ALTER TABLE calls ADD COLUMN attested TEXT;  -- A, B, C, passed, failed; NULL: nothing was signed, or nobody verified it
