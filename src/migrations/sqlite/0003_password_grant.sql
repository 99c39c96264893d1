-- How a token came to be: somebody made it and gave it a name, or a program got it for a password.
ALTER TABLE tokens ADD COLUMN kind TEXT NOT NULL DEFAULT 'connection' CHECK (kind IN ('connection', 'grant'));

-- How often somebody tried to sign in, and failed. Failures are forgotten after an hour.
CREATE TABLE sign_ins (
    -- SHA-256 of an email address, of where the request came from, or of both. What was typed in the
    -- place of an address can be anything, a password among them, and stands nowhere in clear.
    key          BLOB    NOT NULL PRIMARY KEY,
    failures     INTEGER NOT NULL,
    -- Seconds since 1970, UTC.
    failed_at    INTEGER NOT NULL,
    succeeded_at INTEGER,
    -- When the row says nothing any more.
    forget_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sign_ins_by_forget_at ON sign_ins (forget_at);
