-- Up Migration

-- Tables are singular and for Inlet itself; the plural views are for people (docs/store.md).
-- Text keys compare with the "C" collation everywhere: an index serves only comparisons of its own collation.

CREATE TABLE inlet.workspace (
  workspace_id                 int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name                         text COLLATE "C" NOT NULL UNIQUE,
  identifiers                  text[] NOT NULL,
  allow_email_updates_using_id boolean NOT NULL,
  keep_imports_ms              bigint NOT NULL,
  keep_failures                int NOT NULL,
  -- The fence: only the active import may write. Chunks lock this row FOR SHARE, opening and closing FOR UPDATE.
  active_import                bigint
);

CREATE TABLE inlet.sync (
  sync_id        int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  workspace_id   int NOT NULL REFERENCES inlet.workspace,
  name           text COLLATE "C" NOT NULL,
  definition     jsonb NOT NULL,
  -- Unix seconds; 0 until an import is Completed.
  last_sync_time bigint NOT NULL DEFAULT 0,
  next_number    int NOT NULL DEFAULT 1,
  -- Imports below this number are from before `delete`, or of another database: last_sync_time can't move to theirs.
  first_number   int NOT NULL DEFAULT 1,
  deleted_at     timestamptz,
  UNIQUE (workspace_id, name)
);

-- By this Temporal knows an import. A counter alone would go back with the store when that is restored from a backup, and give
-- an import the number of one that it has forgotten, and whose workflow goes on. So it is the milliseconds since 1970, and a
-- counter of ten bits for those of one millisecond; below 2^53, what a number of JavaScript holds, until the year 2248.
CREATE SEQUENCE inlet.import_in_millisecond AS int MINVALUE 0 MAXVALUE 1023 CYCLE;
CREATE FUNCTION inlet.new_import_id() RETURNS bigint LANGUAGE sql VOLATILE
RETURN (extract(epoch FROM clock_timestamp()) * 1000)::bigint * 1024 + nextval('inlet.import_in_millisecond');

CREATE TABLE inlet.import (
  import_id        bigint PRIMARY KEY DEFAULT inlet.new_import_id(),
  workspace_id     int NOT NULL REFERENCES inlet.workspace,
  sync_id          int NOT NULL REFERENCES inlet.sync,
  number           int NOT NULL,
  status           text NOT NULL CHECK (status IN
                     ('Running', 'Completed', 'Some Rows Failed', 'Failed', 'Skipped', 'Canceled')),
  reason           text,
  database_message text,
  cause            text NOT NULL CHECK (cause IN ('schedule', 'trigger')),
  is_full          boolean NOT NULL,
  intervals        int NOT NULL DEFAULT 1,
  definition       jsonb NOT NULL,
  settings         jsonb NOT NULL,
  last_sync_time   bigint NOT NULL,
  sql              text,
  relationships_sql text,
  start_time       bigint,
  start_bound      text,
  warnings         text[] NOT NULL DEFAULT '{}',
  -- What was submitted to a source whose statements outlive an attempt, so that the next one finds it.
  submission       jsonb,
  -- The staging that won, once there is one: its table, its columns as sources describe them, the encoding of the bytes
  -- that came, and its promised rows; and the same of the relationship query, if there is one.
  staging          text,
  columns          jsonb,
  encoding         text,
  rows_promised    bigint,
  relationships_staging       text,
  relationships_columns       jsonb,
  relationships_rows_promised bigint,
  -- Progress while rows are copied.
  rows_staged      bigint NOT NULL DEFAULT 0,
  rows             bigint,
  added            bigint,
  updated          bigint,
  unchanged        bigint,
  skipped          bigint,
  superseded       bigint,
  failed           bigint,
  added_by_failed  bigint NOT NULL DEFAULT 0,
  -- Of the relationship query; NULL if there is none.
  relationship_rows        bigint,
  related                  bigint,
  changed                  bigint,
  removed                  bigint,
  relationships_unchanged  bigint,
  relationships_superseded bigint,
  relationships_failed     bigint,
  -- People who joined the sync's segment by this import, and who left it by its mirror.
  members_added    bigint NOT NULL DEFAULT 0,
  members_removed  bigint NOT NULL DEFAULT 0,
  due_at           timestamptz NOT NULL,
  granted_at       timestamptz,
  opened_at        timestamptz,
  staged_at        timestamptz,
  planned_at       timestamptz,
  applied_at       timestamptz,
  ended_at         timestamptz,
  -- When a user took its failures as they are (`inlet accept`).
  accepted_at      timestamptz,
  UNIQUE (sync_id, number),
  CHECK ((status = 'Running') = (ended_at IS NULL)),
  -- What is not accounted for can't be called done.
  CHECK (status NOT IN ('Completed', 'Some Rows Failed')
         OR rows = added + updated + unchanged + skipped + superseded + failed),
  CHECK (status NOT IN ('Completed', 'Some Rows Failed') OR relationship_rows IS NULL
         OR relationship_rows = related + changed + relationships_unchanged + removed + relationships_superseded
                                + relationships_failed)
);
CREATE INDEX import_running ON inlet.import (workspace_id) WHERE status = 'Running';

ALTER TABLE inlet.workspace ADD FOREIGN KEY (active_import) REFERENCES inlet.import ON DELETE SET NULL;

-- A staging table and its row here are made in one transaction; what no open import owns is swept.
CREATE TABLE inlet.staging_table (
  name       text COLLATE "C" PRIMARY KEY,
  import_id  bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- The ledger. A chunk is applied in the one transaction that sets its counts and applied_at.
CREATE TABLE inlet.chunk (
  import_id       bigint NOT NULL REFERENCES inlet.import ON DELETE CASCADE,
  query           text NOT NULL CHECK (query IN ('main', 'relationships')),
  chunk           int NOT NULL,
  -- Where its rows are: `blocks` of the staging table [first, last]; `listed` or `contested` at the positions [first, last]
  -- of the marks; `settled` when it was planned, for they change nothing. Contested chunks go one after the other, the
  -- others in any order.
  kind            text NOT NULL CHECK (kind IN ('blocks', 'listed', 'contested', 'settled')),
  first           bigint NOT NULL,
  last            bigint NOT NULL,
  -- Whether some of its rows are superseded or contested; and whether the workspace had nobody when it was planned.
  marked          boolean NOT NULL,
  fresh           boolean NOT NULL,
  -- Rows that the chunk must find in its range, and rows that it accounts for.
  rows_promised   bigint NOT NULL,
  rows            bigint NOT NULL,
  applied_at      timestamptz,
  added           bigint NOT NULL DEFAULT 0,
  updated         bigint NOT NULL DEFAULT 0,
  unchanged       bigint NOT NULL DEFAULT 0,
  skipped         bigint NOT NULL DEFAULT 0,
  superseded      bigint NOT NULL DEFAULT 0,
  failed          bigint NOT NULL DEFAULT 0,
  added_by_failed bigint NOT NULL DEFAULT 0,
  related         bigint NOT NULL DEFAULT 0,
  changed         bigint NOT NULL DEFAULT 0,
  removed         bigint NOT NULL DEFAULT 0,
  members_added   bigint NOT NULL DEFAULT 0,
  -- Failed rows by reason code, those too that are not kept.
  reasons         jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (import_id, query, chunk)
);

CREATE TABLE inlet.import_failure (
  import_id     bigint NOT NULL REFERENCES inlet.import ON DELETE CASCADE,
  query         text NOT NULL CHECK (query IN ('main', 'relationships')),
  row_number    bigint NOT NULL,
  key           text,
  column_name   text NOT NULL,
  value         text,
  reason        text NOT NULL,
  message       text NOT NULL,
  collides_with text,
  written       text NOT NULL CHECK (written IN ('none', 'attributes', 'person')),
  -- json, not jsonb: the cells in the query's order, numbers as they came.
  "row"         json NOT NULL,
  PRIMARY KEY (import_id, query, row_number)
);

CREATE TABLE inlet.person (
  -- Cached by each session, or two lanes would wait for each other's next number: numbers have gaps.
  person_id    bigint GENERATED ALWAYS AS IDENTITY (CACHE 1000) PRIMARY KEY,
  -- Without a foreign key: chunks hold the workspace's row anyway, and its trigger would cost each new person a look-up.
  workspace_id int NOT NULL,
  id           text COLLATE "C",
  email        text COLLATE "C",
  attributes   jsonb NOT NULL CHECK (jsonb_typeof(attributes) = 'object'),
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  -- Of the row that was last written here whole, if no other write came after it: the same row again changes nothing.
  row_hash     bigint,
  CHECK (id IS NOT NULL OR email IS NOT NULL)
);
-- The identifier comes first: where statistics don't know a new workspace yet, a plan could take "everybody of the
-- workspace" for one person, and look through all of them for every row.
CREATE UNIQUE INDEX person_by_id ON inlet.person (id, workspace_id);
CREATE UNIQUE INDEX person_by_email ON inlet.person (lower(email), workspace_id);

-- Who changes a person by hand does not know of the hash. Afterwards: a trigger before would have to lock each row that an
-- import changes.
-- SECURITY DEFINER: whoever may change a person need not have a right to the hash.
CREATE FUNCTION inlet.forget_person_hash() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  UPDATE inlet.person SET row_hash = NULL WHERE person_id = NEW.person_id;
  RETURN NULL;
END $$;
CREATE TRIGGER forget_row_hash AFTER UPDATE ON inlet.person
  FOR EACH ROW WHEN (NEW.row_hash = OLD.row_hash) EXECUTE FUNCTION inlet.forget_person_hash();

-- The settings as imports copy them.
CREATE FUNCTION inlet.workspace_settings(w inlet.workspace) RETURNS jsonb LANGUAGE sql STABLE
RETURN jsonb_build_object('name', w.name, 'identifiers', w.identifiers,
  'allowEmailUpdatesUsingId', w.allow_email_updates_using_id, 'keepImportsMs', w.keep_imports_ms,
  'keepFailures', w.keep_failures);

-- What users query.
CREATE VIEW inlet.people AS
  SELECT w.name AS workspace, p.id, p.email, p.attributes, p.created_at, p.updated_at
  FROM inlet.person p JOIN inlet.workspace w USING (workspace_id);

CREATE VIEW inlet.imports AS
  SELECT w.name AS workspace, s.name AS sync, i.number, i.status, i.reason, i.cause, i.is_full AS "full",
         i.rows, i.added, i.updated, i.unchanged, i.skipped, i.superseded, i.failed, i.added_by_failed,
         i.last_sync_time, i.start_time, i.due_at, i.opened_at, i.staged_at, i.planned_at, i.applied_at, i.ended_at,
         i.accepted_at, i.relationship_rows, i.related, i.changed, i.removed, i.relationships_unchanged,
         i.relationships_superseded, i.relationships_failed, i.members_added, i.members_removed
  FROM inlet.import i JOIN inlet.sync s USING (sync_id) JOIN inlet.workspace w ON w.workspace_id = i.workspace_id;

CREATE VIEW inlet.import_failures AS
  SELECT w.name AS workspace, s.name AS sync, i.number, f.query, f.row_number, f.key, f.column_name, f.value, f.reason,
         f.message, f.collides_with, f.written, f."row"
  FROM inlet.import_failure f JOIN inlet.import i USING (import_id) JOIN inlet.sync s USING (sync_id)
  JOIN inlet.workspace w ON w.workspace_id = i.workspace_id;

-- Down Migration
