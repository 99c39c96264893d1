-- The keys of accounts for language models. A secret is sealed before it comes here.
CREATE TABLE llm_keys (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    base_url TEXT NOT NULL,
    model TEXT NOT NULL,
    -- Sealed by XChaCha20-Poly1305 for this account, id and base URL: with another one it does not open.
    nonce BLOB NOT NULL CHECK (length(nonce) = 24),
    ciphertext BLOB NOT NULL,
    -- What is shown of the secret: nothing, where that would be much of it.
    last_four TEXT NOT NULL CHECK (length(last_four) IN (0, 4)),
    -- Of an account's keys, the one with the highest is in use.
    choice INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    last_used_at INTEGER,
    UNIQUE (account, name),
    UNIQUE (account, choice)
) STRICT;

CREATE VIEW llm_keys_of_accounts AS
SELECT *, choice = (SELECT max(choice) FROM llm_keys AS other WHERE other.account = llm_keys.account) AS in_use
FROM llm_keys;
