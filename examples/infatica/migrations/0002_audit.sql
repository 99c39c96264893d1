-- Who changed what, and on what grounds: rows are added in the transaction that makes the change, and stay.
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    at INTEGER NOT NULL,
    via TEXT NOT NULL CHECK (via IN ('token', 'session', 'schedule')),
    -- The id of the token that was presented.
    credential TEXT CHECK ((credential IS NOT NULL) = (via = 'token')),
    -- The token's name, the person's, or the schedule.
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    -- The id of what was changed.
    object TEXT NOT NULL
) STRICT;

CREATE INDEX audit_by_account ON audit (account, seq);
