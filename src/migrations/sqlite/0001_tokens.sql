-- One row a token. Rows are never deleted: a revoked token stays as a record of who could do what.
CREATE TABLE tokens (
    id           TEXT    NOT NULL PRIMARY KEY,
    -- SHA-256 of the token; the token itself is nowhere.
    digest       BLOB    NOT NULL,
    name         TEXT    NOT NULL,
    subject      TEXT    NOT NULL,
    -- Names, separated by spaces, as they were given; what they imply is worked out at each check.
    scopes       TEXT    NOT NULL,
    -- Seconds since 1970, UTC.
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    last_used_at INTEGER,
    revoked_at   INTEGER
) STRICT;

CREATE UNIQUE INDEX tokens_by_digest ON tokens (digest);
CREATE INDEX tokens_by_name ON tokens (name);
