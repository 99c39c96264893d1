-- A shop in PostgreSQL, with types that SQLite does not have.
CREATE TABLE orders (
    id integer PRIMARY KEY,
    region text,
    amount numeric(12, 2) NOT NULL,
    ordered_at timestamptz NOT NULL,
    tags text[],
    details jsonb
);
INSERT INTO orders VALUES
    (1, 'north', 500, '2026-01-01T10:00:00Z', '{new}', '{"paid": true}'),
    (2, 'south', 1500.50, '2026-01-02T10:00:00Z', NULL, NULL),
    (3, NULL, 2500, '2026-01-03T10:00:00Z', '{}', '[1, 2]'),
    (4, 'south', 4000, '2026-01-04T10:00:00Z', NULL, NULL);
CREATE VIEW large AS SELECT * FROM orders WHERE amount > 1000;
CREATE TABLE totals (region text, total numeric, orders bigint);
INSERT INTO totals VALUES ('old', 1, 1);
-- Never ends, so that a run of it has to be stopped.
CREATE VIEW endless AS SELECT sum(a.g * b.g) AS amount FROM generate_series(1, 1000000) AS a (g), generate_series(1, 1000000) AS b (g);
CREATE SCHEMA billing;
CREATE TABLE billing.orders (id integer PRIMARY KEY, note text, password text);
INSERT INTO billing.orders VALUES (1, 'of billing', 'abc');
