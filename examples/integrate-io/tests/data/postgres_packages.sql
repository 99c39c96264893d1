-- Packages over the shop of `postgres.sql`, whose connection is CONNECTION.
INSERT INTO clusters (id, account, name, type, status, nodes, region, terminate_on_idle, created_at) VALUES
    (8201, MINE, 'Daily', 'production', 'available', 3, 'eu-west-1', 0, 0);

INSERT INTO packages (id, account, name, flow_type, status, version, data_flow, variables, created_at, updated_at) VALUES
    (8101, MINE, 'Totals', 'dataflow', 'active', 1,
     '{"components": [
         {"name": "orders", "type": "database_source", "connection_id": CONNECTION, "schema": "public", "table": "orders"},
         {"name": "large", "type": "filter", "condition": "amount > $threshold AND region IS NOT NULL"},
         {"name": "by_region", "type": "aggregate", "group_by": ["region"],
          "aggregates": [{"function": "sum", "field": "amount", "alias": "total"}, {"function": "count", "alias": "orders"}]},
         {"name": "totals", "type": "database_destination", "connection_id": CONNECTION, "schema": "public", "table": "totals", "mode": "replace"}],
       "edges": [{"from": "orders", "to": "large"}, {"from": "large", "to": "by_region"}, {"from": "by_region", "to": "totals"}]}',
     '{"threshold": "1000"}', 0, 0),
    (8102, MINE, 'Endless', 'dataflow', 'active', 1,
     '{"components": [
         {"name": "endless", "type": "database_source", "connection_id": CONNECTION, "schema": "public", "table": "endless"},
         {"name": "named", "type": "select", "fields": [{"expression": "amount", "alias": "total"}]},
         {"name": "totals", "type": "database_destination", "connection_id": CONNECTION, "schema": "public", "table": "totals", "mode": "replace"}],
       "edges": [{"from": "endless", "to": "named"}, {"from": "named", "to": "totals"}]}',
     '{}', 0, 0),
    (8103, MINE, 'Of another type', 'dataflow', 'active', 1,
     '{"components": [
         {"name": "orders", "type": "database_source", "connection_id": CONNECTION, "schema": "public", "table": "orders"},
         {"name": "odd", "type": "filter", "condition": "region + 1 > amount"},
         {"name": "totals", "type": "database_destination", "connection_id": CONNECTION, "schema": "public", "table": "totals", "mode": "append"}],
       "edges": [{"from": "orders", "to": "odd"}, {"from": "odd", "to": "totals"}]}',
     '{}', 0, 0);

INSERT INTO package_versions (package, version, data_flow, variables, event, actor, created_at)
SELECT id, version, data_flow, variables, 'created', 'a test', created_at FROM packages WHERE id BETWEEN 8101 AND 8103;
