-- Who is signed in to the settings pages. No credential is made with one of these rows: what a browser keeps is
-- random, and only its SHA-256 stands here.
CREATE TABLE sessions (
    digest     BYTEA   NOT NULL PRIMARY KEY,
    -- What logs call it.
    id         TEXT    NOT NULL UNIQUE,
    -- Whose settings are shown; where tokens belong to users, the id of one.
    subject    TEXT    NOT NULL,
    -- Seconds since 1970, UTC.
    created_at BIGINT  NOT NULL,
    seen_at    BIGINT  NOT NULL,
    -- When it ends, however often it is used.
    expires_at BIGINT  NOT NULL
);

CREATE INDEX sessions_by_subject ON sessions (subject, created_at);
-- By which those are found that have ended.
CREATE INDEX sessions_by_end ON sessions (expires_at);
CREATE INDEX sessions_by_use ON sessions (seen_at);

-- One-time links that open a session. A row is deleted when its link is used.
CREATE TABLE sign_in_links (
    digest     BYTEA   NOT NULL PRIMARY KEY,
    subject    TEXT    NOT NULL,
    expires_at BIGINT  NOT NULL
);
