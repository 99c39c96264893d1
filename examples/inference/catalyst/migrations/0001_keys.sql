-- Times are nanoseconds since 1970 in UTC, here and in every other table. Ids are given once, and never again.

CREATE TABLE teams (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    -- What is left to pay costly work with.
    credits INTEGER NOT NULL DEFAULT 0 CHECK (credits >= 0),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE projects (
    id TEXT PRIMARY KEY,
    team TEXT NOT NULL REFERENCES teams (id),
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (team, name),
    UNIQUE (id, team)
) STRICT, WITHOUT ROWID;

CREATE TABLE keys (
    id TEXT PRIMARY KEY,
    team TEXT NOT NULL REFERENCES teams (id),
    name TEXT NOT NULL,
    -- SHA-256 of the key. The key itself is nowhere.
    digest BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER,
    UNIQUE (id, team)
) STRICT, WITHOUT ROWID;

-- What a key may do in which project, both of one team.
CREATE TABLE grants (
    key TEXT NOT NULL,
    team TEXT NOT NULL,
    project TEXT NOT NULL,
    -- Who may write may read.
    access TEXT NOT NULL CHECK (access IN ('read', 'write')),
    is_default INTEGER NOT NULL DEFAULT 0 CHECK (is_default IN (0, 1)),
    PRIMARY KEY (key, project),
    FOREIGN KEY (key, team) REFERENCES keys (id, team),
    FOREIGN KEY (project, team) REFERENCES projects (id, team)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX default_of_key ON grants (key) WHERE is_default;

-- What credits were taken for.
CREATE TABLE charges (
    id INTEGER PRIMARY KEY,
    team TEXT NOT NULL REFERENCES teams (id),
    project TEXT NOT NULL REFERENCES projects (id),
    -- The kind of work, as `halo_run`, and the id of what was started.
    what TEXT NOT NULL,
    about TEXT NOT NULL,
    credits INTEGER NOT NULL CHECK (credits > 0),
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX charges_of_team ON charges (team, created_at);
