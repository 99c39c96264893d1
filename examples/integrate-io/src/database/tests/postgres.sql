CREATE TABLE orders (id int PRIMARY KEY, amount numeric(10,2) NOT NULL, status text, ordered_on date);
INSERT INTO orders VALUES
  (1, 1500, 'paid', '2026-01-05'), (2, 20.5, 'open', '2026-02-11'), (3, 990, 'paid', '2026-02-28'),
  (4, 4000, NULL, '2026-03-01'), (5, 1000, 'Lost', NULL);
CREATE TABLE vault (id int PRIMARY KEY, amount numeric, secret text);
INSERT INTO vault VALUES (1, 7, 'PLANTED-SECRET');
CREATE VIEW large AS SELECT id, amount FROM orders WHERE amount > 1000;
CREATE TABLE target (id int PRIMARY KEY, amount numeric);
CREATE SEQUENCE counter;
CREATE SCHEMA sales;
CREATE TABLE sales.orders (id int);
CREATE TABLE sales.leads (id int);
CREATE SCHEMA support;
CREATE TABLE support.leads (id int);
CREATE FUNCTION public.lower(text) RETURNS text LANGUAGE sql AS 'SELECT secret FROM public.vault';
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE DOMAIN small AS int CHECK (VALUE < 10);
CREATE TYPE place AS (street text, number int);
CREATE TABLE kinds (a int8, b float8, c bool, d bytea, e jsonb, f int[], g uuid, h timestamptz, i mood, j small, k place, l interval,
  m numeric, "Odd ""name" text, n text);
INSERT INTO kinds VALUES
  (9007199254740991, 1.5, true, '\x00ff', '{"a": [1, null]}', '{1,2}', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
   '2026-01-05 10:00+02', 'happy', 3, ROW('Main', 5), '1 day 02:00', 12345678901234567890.5, NULL, 'x'),
  (9007199254740992, 'NaN', false, convert_to(repeat('a', 501), 'UTF8'), 'null', '{}', NULL, 'infinity', NULL, NULL, NULL, NULL, 'NaN', '"',
   repeat('é', 2001));
