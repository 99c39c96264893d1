-- What runs and schedules are about, in two accounts. Times are microseconds since 1970.

INSERT INTO packages (id, account, name, flow_type, status, version, data_flow, variables, created_at, updated_at) VALUES
    (8101, MINE, 'Large orders', 'dataflow', 'active', 2, '{}', '{"threshold": "1000"}', 1700000000000000, 1700000000000000),
    (8102, MINE, 'Other orders', 'dataflow', 'active', 1, '{}', '{}', 1700000000000000, 1700000000000000),
    (8103, THEIRS, 'Their orders', 'dataflow', 'active', 1, '{}', '{}', 1700000000000000, 1700000000000000);

INSERT INTO package_versions (package, version, data_flow, variables, event, actor, created_at) VALUES
    (8101, 2, '{"components": [
         {"name": "orders", "type": "database_source", "connection_id": 42, "table": "orders"},
         {"name": "large", "type": "filter", "condition": "amount > $threshold"},
         {"name": "large_orders", "type": "database_destination", "connection_id": 42, "table": "big_orders", "mode": "replace"}],
       "edges": [{"from": "orders", "to": "large"}, {"from": "large", "to": "large_orders"}]}',
     '{"threshold": "1000"}', 'created', 'a test', 1700000000000000),
    (8102, 1, '{}', '{}', 'created', 'a test', 1700000000000000),
    (8103, 1, '{}', '{}', 'created', 'a test', 1700000000000000);

INSERT INTO clusters (id, account, name, type, status, nodes, region, terminate_on_idle, created_at) VALUES
    (8201, MINE, 'Daily', 'production', 'available', 3, 'eu-west-1', 0, 1700000000000000),
    (8202, MINE, 'Gone', 'sandbox', 'terminated', 1, 'us-east-1', 1, 1700000000000000),
    (8203, THEIRS, 'Theirs', 'sandbox', 'available', 1, 'us-east-1', 1, 1700000000000000);

INSERT INTO schedules (id, account, package, cluster, name, cron, time_zone, variables, enabled, next_run_at, created_at, updated_at) VALUES
    (8301, MINE, 8101, 8201, 'nightly', '30 2 * * *', 'Europe/Berlin', '{"threshold": "2500"}', 1, 4102444800000000, 1700000000000000, 1700000001000000),
    (8302, MINE, 8102, NULL, 'Hourly', '0 * * * *', 'UTC', '{}', 0, NULL, 1700000000000000, 1700000000000000),
    (8303, THEIRS, 8103, NULL, 'theirs', '0 * * * *', 'UTC', '{}', 1, 4102444800000000, 1700000000000000, 1700000000000000);

INSERT INTO runs (id, account, package, package_version, cluster, schedule, retry_of, status, variables, dynamic_variables, error,
                  actor, created_at, started_at, completed_at) VALUES
    (8401, MINE, 8101, 2, 8201, 8301, NULL, 'failed', '{"threshold": "2500"}', '{}', 'no such table: big_orders',
     'a test', 1700000000000000, 1700000001000000, 1700000003500000),
    (8402, MINE, 8101, 2, 8201, NULL, 8401, 'failed', '{}', '{}', NULL, 'a test', 1700000010000000, 1700000011000000, 1700000012000000),
    (8403, MINE, 8101, 2, 8201, NULL, 8401, 'completed', '{}', '{}', NULL, 'a test', 1700000020000000, 1700000021000000, 1700000022000000),
    (8404, MINE, 8102, 1, NULL, NULL, NULL, 'cancelled', '{}', '{}', NULL, 'a test', 1700000030000000, NULL, 1700000032000000),
    (8405, MINE, 8102, 1, NULL, NULL, NULL, 'completed', '{}', '{}', NULL, 'a test', 1700000030000000, 1700000031000000, 1700000032000000),
    (8406, THEIRS, 8103, 1, 8203, NULL, NULL, 'failed', '{}', '{}', 'theirs', 'a test', 1700000040000000, 1700000041000000, 1700000042000000);
