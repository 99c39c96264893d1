-- What an account had is stored under its id by the server's own code, and must go to nobody else. AUTOINCREMENT
-- keeps that only where nobody says which id an account is to have.
CREATE TABLE deleted_accounts (
    id INTEGER PRIMARY KEY
) STRICT;
CREATE TRIGGER accounts_delete AFTER DELETE ON accounts BEGIN
    INSERT INTO deleted_accounts (id) VALUES (old.id);
END;
