-- The same items for several engines, in a child run for each. Where a bulk run stands is seen from those alone.
CREATE TABLE bulk_runs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

ALTER TABLE runs ADD COLUMN bulk_run INTEGER REFERENCES bulk_runs (seq);

CREATE UNIQUE INDEX runs_by_bulk_run ON runs (bulk_run, engine) WHERE bulk_run IS NOT NULL;
