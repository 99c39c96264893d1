-- Runs of HALO about an agent that belong together: one that was asked for, or all those of a schedule.
CREATE TABLE halo_conversations (
    id TEXT PRIMARY KEY,
    project TEXT NOT NULL REFERENCES projects (id),
    agent TEXT NOT NULL,
    title TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    FOREIGN KEY (project, agent) REFERENCES agents (project, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX halo_conversations_of_project ON halo_conversations (project, agent);

CREATE TABLE halo_schedules (
    id TEXT PRIMARY KEY,
    project TEXT NOT NULL REFERENCES projects (id),
    conversation TEXT NOT NULL UNIQUE REFERENCES halo_conversations (id),
    cron TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    -- How far back each run reads, as `24h`.
    reach TEXT NOT NULL,
    prompt TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('active', 'paused', 'archived')),
    -- When it is due, while it is active and ever is.
    next_at INTEGER CHECK (next_at IS NULL OR status = 'active'),
    -- Why it made no run when it was due last.
    last_error TEXT,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX halo_schedules_of_project ON halo_schedules (project, created_at, id);
CREATE INDEX halo_schedules_due ON halo_schedules (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE halo_runs (
    id TEXT PRIMARY KEY,
    project TEXT NOT NULL REFERENCES projects (id),
    conversation TEXT NOT NULL REFERENCES halo_conversations (id),
    schedule TEXT REFERENCES halo_schedules (id),
    status TEXT NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'running', 'completed', 'failed', 'cancelled')),
    -- How often the work on it was begun.
    attempts INTEGER NOT NULL DEFAULT 0,
    prompt TEXT NOT NULL,
    window_start INTEGER NOT NULL,
    window_end INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    completed_at INTEGER,
    error TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX halo_runs_of_project ON halo_runs (project, created_at, id);
CREATE INDEX halo_runs_of_conversation ON halo_runs (conversation, created_at);
CREATE INDEX halo_runs_of_schedule ON halo_runs (schedule, created_at) WHERE schedule IS NOT NULL;
CREATE INDEX halo_runs_to_do ON halo_runs (created_at, id) WHERE status IN ('queued', 'running');

-- What a run has found. It does not change.
CREATE TABLE halo_reports (
    run TEXT PRIMARY KEY REFERENCES halo_runs (id),
    conversation TEXT NOT NULL REFERENCES halo_conversations (id),
    traces INTEGER NOT NULL,
    spans INTEGER NOT NULL,
    summary TEXT NOT NULL,
    -- How many findings there are, and the findings, as the API tells them.
    number INTEGER NOT NULL,
    findings TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX halo_reports_of_conversation ON halo_reports (conversation, created_at);
