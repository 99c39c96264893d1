-- What two accounts have: the callers of the tests of the inventory and of search. Times are microseconds since 1970.

INSERT INTO workspaces (id, account, name, description, created_at) VALUES
    (9001, MINE, 'shops', 'Orders and customers of the shops', 1700000000000000),
    (9002, MINE, 'L''Été', NULL, 1700000001000000),
    (9003, MINE, 'Accounts', 'Who owes what', 1700000002000000),
    (9004, THEIRS, 'Theirs', 'Orders that are theirs', 1700000003000000);

INSERT INTO packages (id, account, workspace, name, description, flow_type, status, version, data_flow, variables, created_at, updated_at) VALUES
    (9101, MINE, 9001, 'Large orders', 'Copies orders above a threshold', 'dataflow', 'active', 3,
     '{"components": [{"name": "a", "type": "database_source"}, {"name": "b", "type": "filter"}, {"name": "c", "type": "filter"}, {"name": "d"}],
       "edges": [{"from": "a", "to": "b"}, {"from": "b", "to": "c"}]}',
     '{"threshold": "1000", "region": "north"}', 1700000000000000, 1700000300000000),
    (9102, MINE, 9001, 'Old orders', NULL, 'dataflow', 'archived', 1, '{"components": [], "edges": []}', '{}', 1700000000000000, 1700000100000000),
    (9103, MINE, NULL, 'Nightly', 'Everything, one after the other', 'workflow', 'active', 1, '{}', '{}', 1700000000000000, 1700000200000000),
    (9104, THEIRS, 9004, 'Their orders', 'Secretly large', 'dataflow', 'active', 1, '{}', '{}', 1700000000000000, 1700000000000000);

INSERT INTO connections (kind, id, account, name, type, status, host, port, database, bucket, tunnel_type, nonce, ciphertext, created_at) VALUES
    ('database', 9201, MINE, 'warehouse', 'postgres', 'active', 'db.example.com', 5432, 'sales', NULL, 'ssh', x'00', x'00', 1700000000000000),
    ('cloud_storage', 9201, MINE, 'Exports', 's3', 'active', 's3.example.com', 443, NULL, 'exports-of-orders', 'direct', NULL, NULL, 1700000000000000),
    ('database', 9202, MINE, 'Files', 'sqlite', 'disabled', NULL, NULL, '/srv/secret-place/orders.db', NULL, 'direct', NULL, NULL, 1700000000000000),
    ('cloud_storage', 9203, MINE, 'drop', 'sftp', 'active', 'files.example.com', 22, NULL, 'in', 'reverse_ssh', NULL, NULL, 1700000000000000),
    ('database', 9204, THEIRS, 'Their database', 'postgres', 'active', 'theirs.example.com', 5432, 'x', NULL, 'direct', NULL, NULL, 1700000000000000),
    ('cloud_storage', 9202, THEIRS, 'Their files', 's3', 'active', 'theirs.example.com', 443, NULL, 'x', 'direct', NULL, NULL, 1700000000000000);

INSERT INTO clusters (id, account, name, type, status, nodes, region, terminate_on_idle, created_at, available_since, terminated_at) VALUES
    (9301, MINE, 'Daily', 'production', 'available', 3, 'eu-west-1', 0, 1700000000000000, 1700000060000000, NULL),
    (9302, MINE, '🎉 Party', 'sandbox', 'terminated', 1, 'us-east-1', 1, 1700000100000000, 1700000160000000, 1700000260000000),
    (9303, THEIRS, 'Their orders', 'sandbox', 'available', 1, 'us-east-1', 1, 1700000000000000, NULL, NULL);

-- The times of runs count from now: list_workspaces counts those of the last 24 hours.
INSERT INTO runs (id, account, package, package_version, status, variables, dynamic_variables, actor, created_at, started_at, completed_at)
SELECT id, account, package, 1, status, '{}', '{}', 'a test', ended, ended, iif(status = 'running', NULL, ended) FROM (
    SELECT column1 AS id, column2 AS account, column3 AS package, column4 AS status, (unixepoch() - column5) * 1000000 AS ended
    FROM (VALUES
        (9401, MINE, 9101, 'completed', 86400 + 600),
        (9402, MINE, 9101, 'completed', 86400 - 600),
        (9403, MINE, 9101, 'failed', 3600),
        (9404, MINE, 9102, 'failed', 60),
        (9405, MINE, 9101, 'cancelled', 60),
        (9406, MINE, 9101, 'running', 30),
        (9407, MINE, 9103, 'completed', 60),
        (9408, THEIRS, 9104, 'failed', 60)));
