CREATE TABLE training_jobs (
    id TEXT PRIMARY KEY,
    project TEXT NOT NULL REFERENCES projects (id),
    name TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'running', 'completed', 'failed', 'cancelled')),
    -- How often the work on it was begun.
    attempts INTEGER NOT NULL DEFAULT 0,
    dataset TEXT NOT NULL REFERENCES datasets (id),
    base_model TEXT NOT NULL,
    epochs INTEGER NOT NULL CHECK (epochs > 0),
    validation_share REAL NOT NULL,
    -- JSON, once it is completed.
    metrics TEXT,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    completed_at INTEGER,
    error TEXT,
    CHECK (status <> 'completed' OR metrics IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX training_jobs_of_project ON training_jobs (project, created_at, id);
CREATE INDEX training_jobs_to_do ON training_jobs (created_at, id) WHERE status IN ('queued', 'running');

-- What was measured after each pass over the items.
CREATE TABLE training_epochs (
    job TEXT NOT NULL REFERENCES training_jobs (id),
    epoch INTEGER NOT NULL,
    training_loss REAL NOT NULL,
    validation_loss REAL NOT NULL,
    validation_accuracy REAL NOT NULL,
    PRIMARY KEY (job, epoch)
) STRICT, WITHOUT ROWID;

-- A job that is put back is begun anew.
CREATE TRIGGER training_job_is_put_back AFTER UPDATE OF status ON training_jobs WHEN new.status = 'queued' BEGIN
    DELETE FROM training_epochs WHERE job = new.id;
END;

-- What training jobs have made.
CREATE TABLE models (
    id TEXT PRIMARY KEY,
    project TEXT NOT NULL REFERENCES projects (id),
    job TEXT NOT NULL UNIQUE REFERENCES training_jobs (id),
    -- JSON.
    classifier BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX models_of_project ON models (project, id);

CREATE TABLE deployments (
    id TEXT PRIMARY KEY,
    project TEXT NOT NULL REFERENCES projects (id),
    -- What requests name as their model.
    name TEXT NOT NULL,
    model TEXT NOT NULL REFERENCES models (id),
    status TEXT NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'stopped')),
    requests INTEGER NOT NULL DEFAULT 0,
    last_request_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (project, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX spans_of_models ON spans (project, model) WHERE kind = 'inference' AND model IS NOT NULL;
