-- The audit log: who did what, and whether they were let. A row is written once and never changed, and deleted when it
-- is older than the manifest says.
CREATE TABLE audit (
    -- Begins with the time, so that rows in the order of their ids are in the order of time.
    id              TEXT   NOT NULL PRIMARY KEY,
    -- Microseconds since 1970, UTC: when it began.
    at              BIGINT NOT NULL,
    kind            TEXT   NOT NULL,
    -- The tool, the prompt or the method.
    operation       TEXT,
    via             TEXT   NOT NULL,
    -- With what: the credential, which for its creation and revocation is the one that it is about.
    credential_id   TEXT,
    credential_name TEXT,
    session         TEXT,
    -- Who sat at the command line.
    operator        TEXT,
    -- Whose data, and about what.
    subject         TEXT,
    account         TEXT,
    verdict         TEXT   NOT NULL CHECK (verdict IN ('allowed', 'denied')),
    -- `ok`, or a name of the error catalogue or beside it.
    outcome         TEXT   NOT NULL,
    status          BIGINT,
    -- Microseconds.
    duration        BIGINT,
    request_bytes   BIGINT,
    response_bytes  BIGINT,
    -- JSON without what is secret.
    arguments       TEXT,
    -- How many of the same the row stands for.
    count           BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX audit_by_time ON audit (at, id);
CREATE INDEX audit_by_subject ON audit (subject, at, id);
CREATE INDEX audit_by_credential ON audit (credential_id, at, id);
