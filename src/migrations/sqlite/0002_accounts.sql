-- Who belongs where: for servers whose calls are about an account that the endpoint's path names.
CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- Compared without case.
    email TEXT NOT NULL UNIQUE COLLATE NOCASE,
    name TEXT NOT NULL,
    -- PHC string; null for a user who cannot sign in with a password.
    password_hash TEXT,
    created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE accounts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    subdomain TEXT NOT NULL UNIQUE COLLATE NOCASE,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE members (
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (account_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE account_features (
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    flag TEXT NOT NULL,
    PRIMARY KEY (account_id, flag)
) STRICT, WITHOUT ROWID;
