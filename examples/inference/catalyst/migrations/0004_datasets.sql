-- Inputs with answers. They do not change once they are made.
CREATE TABLE datasets (
    id TEXT PRIMARY KEY,
    project TEXT NOT NULL REFERENCES projects (id),
    name TEXT NOT NULL,
    description TEXT,
    items INTEGER NOT NULL CHECK (items > 0),
    created_at INTEGER NOT NULL,
    UNIQUE (project, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX datasets_of_project ON datasets (project, created_at, id);

CREATE TABLE dataset_items (
    dataset TEXT NOT NULL REFERENCES datasets (id),
    -- Its place in the dataset, from 0.
    position INTEGER NOT NULL,
    input TEXT NOT NULL,
    output TEXT NOT NULL,
    expected TEXT,
    -- Its id, which outlives it.
    inference TEXT NOT NULL,
    PRIMARY KEY (dataset, position)
) STRICT;

CREATE TABLE rubrics (
    id TEXT PRIMARY KEY,
    project TEXT NOT NULL REFERENCES projects (id),
    name TEXT NOT NULL,
    description TEXT,
    -- JSON, as the API tells them.
    checks TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (project, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX rubrics_of_project ON rubrics (project, created_at, id);

CREATE TABLE evals (
    id TEXT PRIMARY KEY,
    project TEXT NOT NULL REFERENCES projects (id),
    name TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'running', 'completed', 'failed', 'cancelled')),
    -- How often the work on it was begun.
    attempts INTEGER NOT NULL DEFAULT 0,
    dataset TEXT NOT NULL REFERENCES datasets (id),
    rubric TEXT NOT NULL REFERENCES rubrics (id),
    -- Whose answers are scored in the place of the recorded ones, and the model that it served when it was asked for.
    deployment TEXT REFERENCES deployments (id),
    model TEXT REFERENCES models (id),
    -- The first so many items are scored: they are taken in their order.
    scored INTEGER NOT NULL DEFAULT 0,
    passed INTEGER NOT NULL DEFAULT 0 CHECK (passed <= scored),
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    completed_at INTEGER,
    error TEXT,
    CHECK ((deployment IS NULL) = (model IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX evals_of_project ON evals (project, created_at, id);
CREATE INDEX evals_to_do ON evals (created_at, id) WHERE status IN ('queued', 'running');

-- Answers that did not pass. Those that did are only counted.
CREATE TABLE eval_failures (
    eval TEXT NOT NULL REFERENCES evals (id),
    position INTEGER NOT NULL,
    output TEXT NOT NULL,
    -- JSON: for each check that it did not pass, its number from 0 as `check`, and the `reason`.
    failures TEXT NOT NULL,
    PRIMARY KEY (eval, position)
) STRICT;
