-- Up Migration

-- Alerts (docs/alerts.md): what is known of each sync, and the outbox of what is to be sent.

-- A worker whose file has `alerts` looked at the workspace then. Evaluating locks this row FOR UPDATE.
CREATE TABLE inlet.alert_watch (
  workspace_id int PRIMARY KEY REFERENCES inlet.workspace,
  checked_at   timestamptz NOT NULL
);

-- True: it ended while alerts were on, and is still to be judged; false: it was judged. NULL: alerts were off, and nobody
-- hears of it.
ALTER TABLE inlet.import ADD COLUMN alerts_due boolean;
CREATE INDEX import_alerts_due ON inlet.import (sync_id, number) WHERE alerts_due;

CREATE TABLE inlet.alert_sync (
  sync_id     int PRIMARY KEY REFERENCES inlet.sync,
  -- The highest import number that was judged.
  judged      int NOT NULL,
  next_number int NOT NULL DEFAULT 1,
  -- When it was last seen to be paused while last_sync_time was held back.
  paused_at   timestamptz
);

-- A row is there as long as the condition holds.
CREATE TABLE inlet.alert_condition (
  sync_id       int NOT NULL REFERENCES inlet.sync,
  condition     text NOT NULL CHECK (condition IN ('failing', 'some_rows_failed', 'skipped_often', 'held_back')),
  since         timestamptz NOT NULL,
  import_number int NOT NULL,
  -- Whether an alert was raised; what held before alerts were turned on is known, and not told.
  told          boolean NOT NULL,
  PRIMARY KEY (sync_id, condition)
);

CREATE TABLE inlet.alert (
  sync_id         int NOT NULL REFERENCES inlet.sync,
  -- Counts by sync; alerts of one sync are delivered in this order.
  number          int NOT NULL,
  type            text NOT NULL,
  recovered_from  text,
  import_number   int NOT NULL,
  raised_at       timestamptz NOT NULL DEFAULT now(),
  -- What is posted, byte by byte: every attempt signs the same.
  body            text NOT NULL,
  attempts        int NOT NULL DEFAULT 0,
  last_attempt_at timestamptz,
  -- A status such as 500, or our words for why there was none; never what the receiver wrote.
  last_answer     text,
  delivered_at    timestamptz,
  given_up_at     timestamptz,
  PRIMARY KEY (sync_id, number),
  CHECK (delivered_at IS NULL OR given_up_at IS NULL)
);
CREATE INDEX alert_undelivered ON inlet.alert (sync_id, number) WHERE delivered_at IS NULL AND given_up_at IS NULL;

-- What users query.
CREATE VIEW inlet.alerts AS
  SELECT w.name AS workspace, s.name AS sync, a.number, a.type, a.recovered_from, a.import_number, a.raised_at, a.body,
         a.attempts, a.last_attempt_at, a.last_answer, a.delivered_at, a.given_up_at
  FROM inlet.alert a JOIN inlet.sync s USING (sync_id) JOIN inlet.workspace w USING (workspace_id);

-- Down Migration
