-- A sample source database: a CRM with 10,000 customers, the 500 companies that 8,000 of them have worked for, all of them
-- clean, and 600 leads, some of which Inlet must refuse.
-- The data are the same every time. "npm start" runs this once, as the owner of the database; Inlet reads it as crm_reader.

CREATE TABLE customers (
  id            integer PRIMARY KEY,
  email         text NOT NULL UNIQUE,
  first_name    text NOT NULL,
  last_name     text NOT NULL,
  country       text NOT NULL,
  plan          text NOT NULL,
  newsletter    boolean NOT NULL,
  monthly_spend numeric(10, 2) NOT NULL,
  signed_up_at  timestamptz NOT NULL,
  updated_at    timestamptz NOT NULL
);

CREATE INDEX ON customers (updated_at);

CREATE FUNCTION first_name(n integer) RETURNS text IMMUTABLE LANGUAGE sql AS $$
  SELECT (ARRAY['Ada', 'Björn', 'Chiara', 'David', 'Elif', 'Farid', 'Grace', 'Hugo', 'Ines', 'Jürgen',
                'Katja', 'Liam', 'Mei', 'Noor', 'Olga', 'Pablo', 'Quinn', 'Rosa', 'Siddharth'])[1 + n % 19]
$$;

CREATE FUNCTION last_name(n integer) RETURNS text IMMUTABLE LANGUAGE sql AS $$
  SELECT (ARRAY['Almeida', 'Brandt', 'Costa', 'Dubois', 'Eriksson', 'Fischer', 'García', 'Haddad', 'Ito', 'Jansen',
                'Kowalski', 'Larsen', 'Müller', 'Nguyen', 'O''Brien', 'Patel', 'Rossi'])[1 + n % 17]
$$;

INSERT INTO customers
SELECT n,
       'customer.' || n || '@example.com',
       first_name(n),
       last_name(n),
       (ARRAY['DE', 'FR', 'GB', 'IN', 'IT', 'JP', 'US'])[1 + n % 7],
       (ARRAY['free', 'free', 'free', 'team', 'business'])[1 + n % 5],
       n % 3 = 0,
       round((n * 7919 % 50000) / 100.0, 2),
       timestamptz '2024-01-01 00:00:00+00' + n * interval '1 hour',
       timestamptz '2024-01-01 00:00:00+00' + n * interval '1 hour'
FROM generate_series(1, 10000) n;

CREATE TABLE companies (
  company_no text PRIMARY KEY,
  name       text NOT NULL,
  industry   text NOT NULL,
  seats      integer NOT NULL,
  updated_at timestamptz NOT NULL
);

INSERT INTO companies
SELECT 'C-' || lpad(n::text, 3, '0'),
       last_name(n * 7) || ' ' || (ARRAY['& Co.', 'Group', 'Labs', 'Partners', 'Systems'])[1 + n % 5],
       (ARRAY['energy', 'finance', 'health', 'media', 'retail', 'software'])[1 + n % 6],
       5 + n * 31 % 400,
       timestamptz '2024-01-01 00:00:00+00' + n * interval '1 hour'
FROM generate_series(1, 500) n;

-- Who works where, and as what. Of the 8,000, every twentieth has left.
CREATE TABLE memberships (
  customer_id integer NOT NULL REFERENCES customers,
  company_no  text NOT NULL REFERENCES companies,
  role        text NOT NULL,
  left_at     timestamptz,
  updated_at  timestamptz NOT NULL,
  PRIMARY KEY (customer_id, company_no)
);

CREATE INDEX ON memberships (updated_at);

INSERT INTO memberships
SELECT n,
       'C-' || lpad((1 + n % 500)::text, 3, '0'),
       (ARRAY['owner', 'admin', 'member', 'member', 'member'])[1 + n / 500 % 5],
       CASE WHEN n % 20 = 1 THEN timestamptz '2025-01-01 00:00:00+00' END,
       timestamptz '2024-01-01 00:00:00+00' + n * interval '1 hour'
FROM generate_series(1, 10000) n
WHERE n % 5 <> 0;

-- A lead who has become a customer carries the customer's id.
CREATE TABLE leads (
  lead_no    integer PRIMARY KEY,
  person_id  text,
  email      text,
  source     text NOT NULL,
  score      integer NOT NULL,
  updated_at timestamptz NOT NULL
);

INSERT INTO leads
SELECT n,
       CASE
         WHEN n % 100 = 0 THEN NULL                           --  6 have no id,
         WHEN n % 100 = 50 THEN '   '                         --  6 a blank one,
         WHEN n % 300 = 299 THEN 'imported-' || repeat('x', 150) -- and 2 one that is too long.
         WHEN n % 40 = 7 THEN (n * 13)::text                  -- 15 are customers now,
         WHEN n % 100 = 33 THEN (n * 17)::text                --  6 are customers, and have another email than in the CRM.
         WHEN n % 60 = 11 THEN 'lead-' || lpad((n + 1)::text, 4, '0') -- 10 are the same as the next lead.
         ELSE 'lead-' || lpad(n::text, 4, '0')
       END,
       CASE
         WHEN n % 40 = 7 THEN NULL
         WHEN n % 150 = 16 THEN 'lead.' || n || '@@example.net' -- 12 are mistyped, in three ways.
         WHEN n % 150 = 66 THEN 'lead.' || n || ' at example.net'
         WHEN n % 150 = 116 THEN 'lead.' || n || '.example.net'
         WHEN n % 300 = 198 THEN 'lead.' || n || '.' || repeat('y', 250) || '@example.net' -- 2 are too long.
         WHEN n % 100 = 81 THEN 'customer.' || n * 7 || '@example.com' -- 6 gave the address of a customer.
         ELSE 'lead.' || n || '@example.net'
       END,
       (ARRAY['advert', 'fair', 'friend', 'search'])[1 + n % 4],
       n * 31 % 101,
       timestamptz '2025-06-01 00:00:00+00' + n * interval '1 hour'
FROM generate_series(1, 600) n;

GRANT SELECT ON customers, companies, memberships, leads TO crm_reader;

ANALYZE customers, companies, memberships, leads;
