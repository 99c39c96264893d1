-- Times are microseconds since 1970 in UTC. Every row belongs to an account: the id that the runtime knows it by.
-- Lists and objects are JSON.

CREATE TABLE workspaces (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX workspaces_of_account ON workspaces (account, name COLLATE NOCASE);

CREATE TABLE packages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    workspace INTEGER REFERENCES workspaces (id),
    name TEXT NOT NULL,
    description TEXT,
    flow_type TEXT NOT NULL CHECK (flow_type IN ('dataflow', 'workflow')),
    status TEXT NOT NULL CHECK (status IN ('active', 'archived')),
    version INTEGER NOT NULL,
    data_flow TEXT NOT NULL CHECK (json_valid(data_flow)),
    variables TEXT NOT NULL CHECK (json_valid(variables)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX packages_of_account ON packages (account, updated_at);
CREATE INDEX packages_of_workspace ON packages (workspace);

-- Every version that a package has had, the current one too.
CREATE TABLE package_versions (
    package INTEGER NOT NULL REFERENCES packages (id),
    version INTEGER NOT NULL,
    data_flow TEXT NOT NULL CHECK (json_valid(data_flow)),
    variables TEXT NOT NULL CHECK (json_valid(variables)),
    -- What made it, as `created` or `update_package_components`, and who: a token's name.
    event TEXT NOT NULL,
    actor TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (package, version)
) STRICT, WITHOUT ROWID;

-- Ids are unique per kind only, as they are with the vendor.
CREATE TABLE connections (
    kind TEXT NOT NULL CHECK (kind IN ('database', 'cloud_storage')),
    id INTEGER NOT NULL,
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('active', 'disabled')),
    host TEXT,
    port INTEGER,
    -- A database's name, or the path of its file.
    database TEXT,
    bucket TEXT,
    tunnel_type TEXT NOT NULL CHECK (tunnel_type IN ('direct', 'ssh', 'reverse_ssh')),
    -- How the way to a PostgreSQL server is encrypted.
    tls TEXT CHECK (tls IN ('disable', 'require', 'verify-full')),
    -- User names and passwords, sealed.
    nonce BLOB,
    ciphertext BLOB,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
-- A removed connection's id is given to no other: packages can still name it.
CREATE TABLE connection_ids (kind TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TRIGGER connections_id AFTER INSERT ON connections BEGIN
    INSERT INTO connection_ids (kind, last) VALUES (new.kind, new.id)
    ON CONFLICT (kind) DO UPDATE SET last = max(last, excluded.last);
END;
CREATE INDEX connections_of_account ON connections (account, name COLLATE NOCASE);

CREATE TABLE clusters (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL CHECK (type IN ('sandbox', 'production')),
    status TEXT NOT NULL CHECK (status IN ('pending', 'creating', 'available', 'terminating', 'terminated', 'error')),
    nodes INTEGER NOT NULL,
    region TEXT NOT NULL,
    terminate_on_idle INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    available_since INTEGER,
    terminated_at INTEGER
) STRICT;
CREATE INDEX clusters_of_account ON clusters (account, created_at);

CREATE TABLE schedules (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    package INTEGER NOT NULL REFERENCES packages (id),
    cluster INTEGER REFERENCES clusters (id),
    name TEXT NOT NULL,
    cron TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    variables TEXT NOT NULL CHECK (json_valid(variables)),
    enabled INTEGER NOT NULL,
    -- When it is due; null while it is disabled.
    next_run_at INTEGER,
    last_run_at INTEGER,
    last_run INTEGER,
    last_error TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX schedules_of_account ON schedules (account, name);
CREATE INDEX schedules_due ON schedules (next_run_at) WHERE next_run_at IS NOT NULL;

CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    package INTEGER NOT NULL REFERENCES packages (id),
    package_version INTEGER NOT NULL,
    cluster INTEGER REFERENCES clusters (id),
    schedule INTEGER REFERENCES schedules (id),
    retry_of INTEGER REFERENCES runs (id),
    status TEXT NOT NULL CHECK (status IN ('pending', 'running', 'completed', 'failed', 'cancelled')),
    -- As they were asked for, and, once it has started, as they are.
    variables TEXT NOT NULL CHECK (json_valid(variables)),
    dynamic_variables TEXT NOT NULL CHECK (json_valid(dynamic_variables)),
    -- Which attempt works on it, so that one that was given up changes nothing.
    attempt INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    -- Who asked for it: a token's name, or the schedule.
    actor TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    completed_at INTEGER
) STRICT;
CREATE INDEX runs_of_account ON runs (account, created_at);
CREATE INDEX runs_of_package ON runs (package, created_at);
CREATE INDEX runs_open ON runs (status) WHERE status IN ('pending', 'running');

CREATE TABLE run_log (
    run INTEGER NOT NULL REFERENCES runs (id),
    line INTEGER NOT NULL,
    at INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (run, line)
) STRICT, WITHOUT ROWID;
