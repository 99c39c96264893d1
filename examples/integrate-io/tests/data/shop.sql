-- The database of a shop, which packages of the tests read and write.

CREATE TABLE orders (id INTEGER PRIMARY KEY, region TEXT NOT NULL, amount INTEGER NOT NULL) STRICT;
INSERT INTO orders VALUES (1, 'north', 100), (2, 'north', 1500), (3, 'south', 2500), (4, 'south', 900), (5, 'north', 3000);
CREATE TABLE large_orders (id INTEGER PRIMARY KEY, region TEXT NOT NULL, amount INTEGER NOT NULL) STRICT;
INSERT INTO large_orders VALUES (77, 'before', 0);
CREATE TABLE totals (region TEXT NOT NULL, total INTEGER NOT NULL) STRICT;

-- What reads it is never done by itself.
CREATE VIEW endless AS WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT id, 'endless' AS region, id AS amount FROM n;
