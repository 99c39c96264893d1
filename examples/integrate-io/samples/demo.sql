-- The demo database of the samples: a shop. Every row follows from its number, so that it is the same everywhere.

CREATE TABLE customers (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    region TEXT NOT NULL,
    email TEXT NOT NULL
);
INSERT INTO customers (id, name, region, email)
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)
SELECT i, 'Customer ' || i, iif(i % 4 = 0, 'north', iif(i % 4 = 1, 'east', iif(i % 4 = 2, 'south', 'west'))),
       'customer' || i || '@example.com'
FROM n;

CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    region TEXT NOT NULL,
    status TEXT NOT NULL,
    amount REAL NOT NULL,
    ordered_at TEXT NOT NULL
);
INSERT INTO orders (id, customer_id, region, status, amount, ordered_at)
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)
SELECT i, customers.id, customers.region, iif(i % 11 = 0, 'refunded', iif(i % 5 = 0, 'open', 'paid')),
       (i * 7919 % 250000) / 100.0, date('2026-01-01', '+' || (i % 300) || ' days')
FROM n JOIN customers ON customers.id = 1 + i * 37 % 60;

-- What the packages of the samples fill.
CREATE TABLE large_orders (region TEXT NOT NULL, total REAL NOT NULL);
CREATE TABLE paid_orders (id INTEGER NOT NULL, customer_id INTEGER NOT NULL, amount REAL NOT NULL);
