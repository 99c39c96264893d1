-- What the analyst does, one at a time: analyses of a run, and comparisons of several.
CREATE TABLE analyses (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('analysis', 'comparison')),
    template TEXT NOT NULL,
    -- What a language model is to mind beside the template.
    instructions TEXT,
    status TEXT NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'running', 'completed', 'failed')),
    -- How often it was started. Whoever ends an attempt names it, so that a late answer ends nothing.
    attempts INTEGER NOT NULL DEFAULT 0,
    -- How many faults that may pass it has met since it was queued by a caller.
    faults INTEGER NOT NULL DEFAULT 0,
    -- Not to be started before.
    due_at INTEGER NOT NULL,
    error TEXT CHECK (error IS NOT NULL OR status != 'failed'),
    -- As callers get it, in JSON.
    result TEXT CHECK ((result IS NOT NULL) = (status = 'completed')),
    -- When it was last started, so that accounts take turns.
    served_at INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER CHECK ((finished_at IS NULL) = (status IN ('queued', 'running')))
) STRICT;

CREATE INDEX analyses_by_account ON analyses (account, kind, seq);
CREATE INDEX analyses_queued ON analyses (due_at) WHERE status = 'queued';
CREATE INDEX analyses_running ON analyses (seq) WHERE status = 'running';
CREATE INDEX analyses_by_service ON analyses (account, served_at);

-- The runs that an analysis is about, in the order in which they were given.
CREATE TABLE analysis_runs (
    analysis INTEGER NOT NULL REFERENCES analyses (seq),
    position INTEGER NOT NULL,
    run INTEGER NOT NULL REFERENCES runs (seq),
    PRIMARY KEY (analysis, position),
    UNIQUE (analysis, run)
) STRICT;

CREATE INDEX analysis_runs_by_run ON analysis_runs (run);

CREATE TABLE analysis_attempts (
    analysis INTEGER NOT NULL REFERENCES analyses (seq),
    number INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER CHECK ((ended_at IS NULL) = (outcome = 'running')),
    outcome TEXT NOT NULL DEFAULT 'running'
        CHECK (outcome IN ('running', 'completed', 'failed', 'postponed', 'interrupted')),
    detail TEXT,
    PRIMARY KEY (analysis, number)
) STRICT;
