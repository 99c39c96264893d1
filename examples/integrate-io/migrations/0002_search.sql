-- What search_all finds: names, and other words that tell what a thing is.
-- A row's id is that of the thing times 8, and the number of its table, so that the row of a thing is found without a search.

CREATE VIRTUAL TABLE search USING fts5 (
    name, description, account UNINDEXED, type UNINDEXED, kind UNINDEXED, id UNINDEXED,
    tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TRIGGER workspaces_insert AFTER INSERT ON workspaces BEGIN
    INSERT INTO search (rowid, name, description, account, type, id)
    VALUES (new.id * 8, new.name, new.description, new.account, 'workspace', new.id);
END;
CREATE TRIGGER workspaces_update AFTER UPDATE OF account, name, description ON workspaces BEGIN
    UPDATE search SET account = new.account, name = new.name, description = new.description
    WHERE rowid = new.id * 8;
END;
CREATE TRIGGER workspaces_delete AFTER DELETE ON workspaces BEGIN
    DELETE FROM search WHERE rowid = old.id * 8;
END;

CREATE TRIGGER packages_insert AFTER INSERT ON packages BEGIN
    INSERT INTO search (rowid, name, description, account, type, id)
    VALUES (new.id * 8 + 1, new.name, new.description, new.account, 'package', new.id);
END;
CREATE TRIGGER packages_update AFTER UPDATE OF account, name, description ON packages BEGIN
    UPDATE search SET account = new.account, name = new.name, description = new.description
    WHERE rowid = new.id * 8 + 1;
END;
CREATE TRIGGER packages_delete AFTER DELETE ON packages BEGIN
    DELETE FROM search WHERE rowid = old.id * 8 + 1;
END;

CREATE TRIGGER clusters_insert AFTER INSERT ON clusters BEGIN
    INSERT INTO search (rowid, name, description, account, type, id)
    VALUES (new.id * 8 + 2, new.name, new.type || ' ' || new.region, new.account, 'cluster', new.id);
END;
CREATE TRIGGER clusters_update AFTER UPDATE OF account, name, type, region ON clusters BEGIN
    UPDATE search SET account = new.account, name = new.name, description = new.type || ' ' || new.region
    WHERE rowid = new.id * 8 + 2;
END;
CREATE TRIGGER clusters_delete AFTER DELETE ON clusters BEGIN
    DELETE FROM search WHERE rowid = old.id * 8 + 2;
END;

-- Not by `database`, which can be a path on the server.
CREATE TRIGGER connections_insert AFTER INSERT ON connections BEGIN
    INSERT INTO search (rowid, name, description, account, type, kind, id)
    VALUES (new.id * 8 + iif(new.kind = 'database', 3, 4), new.name,
            new.type || coalesce(' ' || new.host, '') || coalesce(' ' || new.bucket, ''),
            new.account, 'connection', new.kind, new.id);
END;
CREATE TRIGGER connections_update AFTER UPDATE OF account, name, type, host, bucket ON connections BEGIN
    UPDATE search SET account = new.account, name = new.name,
        description = new.type || coalesce(' ' || new.host, '') || coalesce(' ' || new.bucket, '')
    WHERE rowid = new.id * 8 + iif(new.kind = 'database', 3, 4);
END;
CREATE TRIGGER connections_delete AFTER DELETE ON connections BEGIN
    DELETE FROM search WHERE rowid = old.id * 8 + iif(old.kind = 'database', 3, 4);
END;
