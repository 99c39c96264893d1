-- Packages over the shop of `shop.sql`, whose file is SHOP.

INSERT INTO connections (kind, id, account, name, type, status, database, tunnel_type, created_at) VALUES
    ('database', 7042, MINE, 'shop', 'sqlite', 'active', SHOP, 'direct', 0);

INSERT INTO clusters (id, account, name, type, status, nodes, region, terminate_on_idle, created_at) VALUES
    (7200, MINE, 'Soon', 'sandbox', 'creating', 1, 'eu-west-1', 0, 0),
    (7201, MINE, 'Daily', 'production', 'available', 3, 'eu-west-1', 0, 0),
    (7202, MINE, 'Nightly', 'production', 'available', 3, 'eu-west-1', 0, 0),
    (7203, MINE, 'Gone', 'sandbox', 'terminated', 1, 'us-east-1', 1, 0),
    (7204, THEIRS, 'Theirs', 'sandbox', 'creating', 1, 'us-east-1', 1, 0);

INSERT INTO packages (id, account, name, flow_type, status, version, data_flow, variables, created_at, updated_at) VALUES
    (7101, MINE, 'Large orders', 'dataflow', 'active', 1,
     '{"components": [
         {"name": "orders", "type": "database_source", "connection_id": 7042, "table": "orders"},
         {"name": "large", "type": "filter", "condition": "amount > $threshold"},
         {"name": "kept", "type": "database_destination", "connection_id": 7042, "table": "large_orders", "mode": "replace"}],
       "edges": [{"from": "orders", "to": "large"}, {"from": "large", "to": "kept"}]}',
     '{"threshold": "1000"}', 0, 0),
    (7102, MINE, 'Endless orders', 'dataflow', 'active', 1,
     '{"components": [
         {"name": "orders", "type": "database_source", "connection_id": 7042, "table": "endless"},
         {"name": "none", "type": "filter", "condition": "amount < 0"},
         {"name": "kept", "type": "database_destination", "connection_id": 7042, "table": "large_orders", "mode": "replace"}],
       "edges": [{"from": "orders", "to": "none"}, {"from": "none", "to": "kept"}]}',
     '{}', 0, 0),
    (7103, MINE, 'Orders into nowhere', 'dataflow', 'active', 1,
     '{"components": [
         {"name": "orders", "type": "database_source", "connection_id": 7042, "table": "orders"},
         {"name": "kept", "type": "database_destination", "connection_id": 7042, "table": "copied_orders", "mode": "append"}],
       "edges": [{"from": "orders", "to": "kept"}]}',
     '{"label": "a", "other": "b"}', 0, 0),
    (7104, MINE, 'Old orders', 'dataflow', 'archived', 1, '{"components": [], "edges": []}', '{}', 0, 0),
    (7105, MINE, 'Totals', 'dataflow', 'active', 1,
     '{"components": [
         {"name": "large", "type": "database_source", "connection_id": 7042, "table": "large_orders"},
         {"name": "by_region", "type": "aggregate", "group_by": ["region"], "aggregates": [{"function": "sum", "field": "amount", "alias": "total"}]},
         {"name": "totals", "type": "database_destination", "connection_id": 7042, "table": "totals", "mode": "append"}],
       "edges": [{"from": "large", "to": "by_region"}, {"from": "by_region", "to": "totals"}]}',
     '{}', 0, 0),
    (7106, MINE, 'Everything', 'workflow', 'active', 1,
     '{"components": [{"name": "load", "type": "run_package", "package_id": 7101}, {"name": "add_up", "type": "run_package", "package_id": 7105}],
       "edges": [{"from": "load", "to": "add_up"}]}',
     '{"threshold": "2000"}', 0, 0),
    (7107, THEIRS, 'Their orders', 'dataflow', 'active', 1, '{"components": [], "edges": []}', '{}', 0, 0);

INSERT INTO package_versions (package, version, data_flow, variables, event, actor, created_at)
SELECT id, version, data_flow, variables, 'created', 'a test', 0 FROM packages WHERE id BETWEEN 7101 AND 7107;
