-- What was asked of other servers for an account: rows are added with what comes of a request, and stay.
CREATE TABLE usage (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('item', 'source', 'analysis')),
    run INTEGER REFERENCES runs (seq) CHECK (run IS NOT NULL OR kind = 'analysis'),
    task INTEGER REFERENCES tasks (seq) CHECK ((task IS NULL) = (kind = 'analysis')),
    -- Which attempt at the task it was.
    attempt INTEGER CHECK ((attempt IS NULL) = (kind = 'analysis')),
    engine TEXT CHECK ((engine IS NOT NULL) = (kind = 'item')) CHECK (engine IN ('raw', 'text', 'metadata')),
    -- The id of the analysis or comparison.
    analysis TEXT CHECK ((analysis IS NOT NULL) = (kind = 'analysis')),
    outcome TEXT NOT NULL CHECK (outcome IN ('completed', 'failed', 'unanswered')),
    bytes INTEGER NOT NULL CHECK (bytes >= 0),
    credits INTEGER NOT NULL CHECK (credits >= 0),
    UNIQUE (task, attempt)
) STRICT;

CREATE INDEX usage_by_account ON usage (account, at, seq);
CREATE INDEX usage_by_run ON usage (run, at, seq);

-- What makes an account's credits more or less. Together with what an account starts with, they are its balance.
CREATE TABLE ledger (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('grant', 'charge', 'adjustment')),
    credits INTEGER NOT NULL
        CHECK (credits != 0)
        CHECK (kind != 'grant' OR credits > 0)
        CHECK (kind != 'charge' OR credits < 0),
    -- What a charge is for.
    usage INTEGER UNIQUE REFERENCES usage (seq) CHECK ((usage IS NOT NULL) = (kind = 'charge')),
    -- Why an operator changed something.
    reason TEXT CHECK ((reason IS NULL) = (kind = 'charge'))
) STRICT;

CREATE INDEX ledger_by_account ON ledger (account, seq, credits);

CREATE TRIGGER ledger_keeps_its_entries BEFORE UPDATE ON ledger
BEGIN
    SELECT raise(ABORT, 'the ledger is added to only');
END;

CREATE TRIGGER ledger_loses_no_entry BEFORE DELETE ON ledger
BEGIN
    SELECT raise(ABORT, 'the ledger is added to only');
END;

-- The balance of each account that was last asked for.
CREATE TABLE balances (
    account TEXT PRIMARY KEY,
    credits INTEGER NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('upstream', 'ledger')),
    as_of INTEGER NOT NULL,
    -- The last entry of the ledger at that time: what comes after it is not in the balance.
    last_entry INTEGER NOT NULL
) STRICT;
