-- Times are microseconds since 1970 in UTC, so that they compare as instants.

CREATE TABLE runs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    -- The name in lower case: SQLite folds ASCII only.
    folded_name TEXT NOT NULL,
    type TEXT NOT NULL CHECK (type IN ('urls', 'feed')),
    engine TEXT NOT NULL CHECK (engine IN ('raw', 'text', 'metadata')),
    source_url TEXT CHECK ((source_url IS NOT NULL) = (type = 'feed')),
    max_items INTEGER CHECK ((max_items IS NOT NULL) = (type = 'feed')),
    status TEXT NOT NULL DEFAULT 'queued'
        CHECK (status IN ('queued', 'running', 'completed', 'failed', 'cancelled')),
    error TEXT,
    -- When a task of the run was last started, so that runs take turns.
    served_at INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER CHECK ((finished_at IS NULL) = (status IN ('queued', 'running')))
) STRICT;

CREATE INDEX runs_by_creation ON runs (account, created_at, seq);
CREATE INDEX runs_by_end ON runs (account, finished_at);
CREATE INDEX runs_alive ON runs (seq) WHERE status IN ('queued', 'running');

-- What the worker does, one at a time: collect a page of a run, or read the sitemap or feed that a run's pages come
-- from. A page is what callers know as an item.
CREATE TABLE tasks (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    run INTEGER NOT NULL REFERENCES runs (seq),
    role TEXT NOT NULL CHECK (role IN ('source', 'page')),
    url TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'queued'
        CHECK (status IN ('queued', 'running', 'completed', 'failed', 'cancelled')),
    -- How often it was started. Whoever ends an attempt names it, so that a late answer ends nothing.
    attempts INTEGER NOT NULL DEFAULT 0,
    -- How many faults that may pass it has met since it was queued by a caller.
    faults INTEGER NOT NULL DEFAULT 0,
    -- Not to be started before.
    due_at INTEGER NOT NULL,
    http_status INTEGER,
    bytes INTEGER,
    error TEXT,
    finished_at INTEGER CHECK ((finished_at IS NULL) = (status IN ('queued', 'running')))
) STRICT;

CREATE INDEX tasks_by_run ON tasks (run, status, role);
CREATE INDEX tasks_queued ON tasks (due_at) WHERE status = 'queued';
CREATE INDEX tasks_running ON tasks (run) WHERE status = 'running';

-- What was collected, once for each completed page.
CREATE TABLE results (
    task INTEGER PRIMARY KEY REFERENCES tasks (seq),
    final_url TEXT NOT NULL,
    media_type TEXT,
    content TEXT NOT NULL
) STRICT;

CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL REFERENCES runs (seq),
    task INTEGER REFERENCES tasks (seq),
    at INTEGER NOT NULL,
    event TEXT NOT NULL,
    detail TEXT,
    actor TEXT
) STRICT;

CREATE INDEX events_by_run ON events (run, seq);

CREATE VIEW items AS
SELECT
    tasks.seq, id, run, url, status, attempts, http_status, nullif(final_url, url) AS final_url, bytes, error,
    finished_at
FROM tasks LEFT JOIN results ON results.task = tasks.seq
WHERE role = 'page';
