-- Up Migration

-- Which workers may use this store (docs/deployment.md, "An upgrade of the store"). A worker's schema is the number of
-- the newest migration that it came with.
CREATE TABLE inlet.compatibility (
  one           boolean PRIMARY KEY DEFAULT true CHECK (one),
  oldest_worker int NOT NULL,
  -- The version of Inlet that brought the store to where it is; written by the worker that ran the migrations.
  upgraded_by   text NOT NULL DEFAULT 'unknown'
);
INSERT INTO inlet.compatibility (oldest_worker) VALUES (5);
-- Two numbers and no secret: whoever may enter the schema must be able to find out that they should not write.
GRANT SELECT ON inlet.compatibility TO PUBLIC;

-- With this begins a migration that a former version would not survive; `schema` is its own number. Every transaction
-- that writes has the lock ROW SHARE on this table from its beginning to its end: the lock here waits for those under
-- way, and what begins meanwhile waits for the migration, and is refused. (To lock the row would mean to wait until no
-- two transactions overlap.)
CREATE FUNCTION inlet.raise_oldest_worker(schema int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  LOCK TABLE inlet.compatibility IN EXCLUSIVE MODE;
  UPDATE inlet.compatibility SET oldest_worker = schema;
END $$;

-- Down Migration
