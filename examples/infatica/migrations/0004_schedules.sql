-- What makes runs again and again. A schedule that is deleted stays, and so do its runs.
CREATE TABLE schedules (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    -- The runs that it makes, in the words of `runs`. The URLs are a list in JSON.
    name TEXT NOT NULL,
    type TEXT NOT NULL CHECK (type IN ('urls', 'feed')),
    engine TEXT NOT NULL CHECK (engine IN ('raw', 'text', 'metadata')),
    urls TEXT CHECK ((urls IS NOT NULL) = (type = 'urls') AND json_valid(urls)),
    source_url TEXT CHECK ((source_url IS NOT NULL) = (type = 'feed')),
    max_items INTEGER CHECK ((max_items IS NOT NULL) = (type = 'feed')),
    -- When it makes them: one of the two, by the clocks of a zone of the IANA database.
    cron TEXT CHECK ((cron IS NULL) = (preset IS NOT NULL)),
    preset TEXT CHECK (preset IN ('hourly', 'daily', 'weekly', 'monthly')),
    time_zone TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('active', 'paused')),
    next_at INTEGER CHECK (next_at IS NULL OR (status = 'active' AND deleted_at IS NULL)),
    created_at INTEGER NOT NULL,
    deleted_at INTEGER
) STRICT;

CREATE INDEX schedules_by_account ON schedules (account, seq);
CREATE INDEX schedules_due ON schedules (next_at) WHERE next_at IS NOT NULL;

ALTER TABLE runs ADD COLUMN schedule INTEGER REFERENCES schedules (seq);

CREATE INDEX runs_by_schedule ON runs (schedule) WHERE schedule IS NOT NULL;
