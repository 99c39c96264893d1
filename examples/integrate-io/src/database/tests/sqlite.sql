CREATE TABLE orders (id INTEGER PRIMARY KEY, amount NUMERIC NOT NULL, status TEXT, ordered_on TEXT);
INSERT INTO orders VALUES
  (1, 1500, 'paid', '2026-01-05'), (2, 20.5, 'open', '2026-02-11'), (3, 990, 'paid', '2026-02-28'),
  (4, 4000, NULL, '2026-03-01'), (5, 1000, 'Lost', NULL);
CREATE TABLE vault (id INTEGER PRIMARY KEY, amount NUMERIC, secret TEXT);
INSERT INTO vault VALUES (1, 7, 'PLANTED-SECRET');
CREATE VIEW large AS SELECT id, amount FROM orders WHERE amount > 1000;
CREATE TABLE target (id INTEGER PRIMARY KEY, amount NUMERIC);
CREATE TABLE kinds (a INTEGER, b, c REAL, d BLOB, e TEXT, "Odd ""name" TEXT);
INSERT INTO kinds VALUES
  (9007199254740991, 9007199254740992, 1.5, x'00ff', 'x', NULL),
  (-3, 'a text', 9e999, zeroblob(600), replace(hex(zeroblob(1001)), '0', 'é'), '"'),
  (0, x'01', -0.25, NULL, '', '');
