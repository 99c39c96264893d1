-- What SQLite's first four migrations make. The tables stand in a schema of their own, which the connection's
-- search_path names; functions keep it, so that they do the same for whoever else writes here.

-- One row a token. A revoked token stays as a record of who could do what.
CREATE TABLE tokens (
    -- The order in which they were made, by the name that SQLite has for it.
    rowid        BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY,
    id           TEXT   NOT NULL PRIMARY KEY,
    -- SHA-256 of the token; the token itself is nowhere.
    digest       BYTEA  NOT NULL UNIQUE,
    name         TEXT   NOT NULL,
    subject      TEXT   NOT NULL,
    -- Names, separated by spaces, as they were given; what they imply is worked out at each check.
    scopes       TEXT   NOT NULL,
    -- Seconds since 1970, UTC.
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at   BIGINT,
    -- How it came to be: somebody made it and gave it a name, or a program got it for a password.
    kind         TEXT   NOT NULL DEFAULT 'connection' CHECK (kind IN ('connection', 'grant'))
);
CREATE INDEX tokens_by_name ON tokens (name);
CREATE INDEX tokens_by_subject ON tokens (subject);

-- Who belongs where: for servers whose calls are about an account that the endpoint's path names.
CREATE TABLE users (
    id            BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email         TEXT   NOT NULL,
    name          TEXT   NOT NULL,
    -- PHC string; null for a user who cannot sign in with a password.
    password_hash TEXT,
    created_at    BIGINT NOT NULL
);
-- Compared without the case of ASCII's letters, whatever the database's own language is.
CREATE UNIQUE INDEX users_by_email ON users (lower(email COLLATE "C"));
CREATE TABLE accounts (
    id         BIGINT NOT NULL PRIMARY KEY,
    subdomain  TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX accounts_by_subdomain ON accounts (lower(subdomain COLLATE "C"));
CREATE TABLE members (
    -- An account that somebody joins while it is deleted stays.
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    user_id    BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (account_id, user_id)
);
CREATE INDEX members_by_user ON members (user_id);
CREATE TABLE account_features (
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    flag       TEXT   NOT NULL,
    PRIMARY KEY (account_id, flag)
);

-- What an account had is stored under its id by the server's own code, and must go to nobody else.
CREATE TABLE deleted_accounts (
    id BIGINT NOT NULL PRIMARY KEY
);
CREATE FUNCTION remember_deleted_account() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO deleted_accounts (id) VALUES (old.id);
    RETURN NULL;
END $$;
CREATE TRIGGER accounts_delete AFTER DELETE ON accounts FOR EACH ROW EXECUTE FUNCTION remember_deleted_account();

-- How often somebody tried to sign in, and failed. Failures are forgotten after an hour.
CREATE TABLE sign_ins (
    -- SHA-256 of an email address, of where the request came from, or of both. What was typed in the
    -- place of an address can be anything, a password among them, and stands nowhere in clear.
    key          BYTEA  NOT NULL PRIMARY KEY,
    failures     BIGINT NOT NULL,
    -- Seconds since 1970, UTC.
    failed_at    BIGINT NOT NULL,
    succeeded_at BIGINT,
    -- When the row says nothing any more.
    forget_at    BIGINT NOT NULL
);
CREATE INDEX sign_ins_by_forget_at ON sign_ins (forget_at);
