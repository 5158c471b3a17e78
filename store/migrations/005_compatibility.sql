-- Up Migration

-- Which workers may use this store (docs/deployment.md, "An upgrade of the store"). A worker's schema is the number of
-- the newest migration that it came with. A migration that a former version would not survive begins with raising
-- oldest_worker to its own number:  UPDATE inlet.compatibility SET oldest_worker = 9;
-- Whatever workers write locks this row FOR SHARE first: that update waits for it, and what comes later is refused.

CREATE TABLE inlet.compatibility (
  one           boolean PRIMARY KEY DEFAULT true CHECK (one),
  oldest_worker int NOT NULL,
  -- The version of Inlet that brought the store to where it is; written by the worker that ran the migrations.
  upgraded_by   text NOT NULL DEFAULT 'unknown'
);
INSERT INTO inlet.compatibility (oldest_worker) VALUES (5);
-- Two numbers and no secret: whoever may enter the schema must be able to find out that they should not write.
GRANT SELECT ON inlet.compatibility TO PUBLIC;

-- Down Migration
