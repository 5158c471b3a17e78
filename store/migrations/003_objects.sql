-- Up Migration

-- Objects, relationships and manual segments. Without foreign keys to what an import writes, as in inlet.person: their
-- triggers would cost each new row a look-up.

CREATE TABLE inlet.object_type (
  object_type_id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  workspace_id   int NOT NULL REFERENCES inlet.workspace,
  name           text COLLATE "C" NOT NULL,
  UNIQUE (workspace_id, name)
);

CREATE TABLE inlet.object (
  object_key     bigint GENERATED ALWAYS AS IDENTITY (CACHE 1000) PRIMARY KEY,
  object_type_id int NOT NULL,
  object_id      text COLLATE "C" NOT NULL,
  attributes     jsonb NOT NULL CHECK (jsonb_typeof(attributes) = 'object'),
  created_at     timestamptz NOT NULL DEFAULT now(),
  updated_at     timestamptz NOT NULL DEFAULT now(),
  row_hash       bigint -- as in inlet.person
);
CREATE UNIQUE INDEX object_by_id ON inlet.object (object_id, object_type_id);
CREATE FUNCTION inlet.forget_object_hash() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  UPDATE inlet.object SET row_hash = NULL WHERE object_key = NEW.object_key;
  RETURN NULL;
END $$;
CREATE TRIGGER forget_row_hash AFTER UPDATE ON inlet.object
  FOR EACH ROW WHEN (NEW.row_hash = OLD.row_hash) EXECUTE FUNCTION inlet.forget_object_hash();

CREATE TABLE inlet.relationship (
  person_id  bigint NOT NULL,
  object_key bigint NOT NULL,
  attributes jsonb NOT NULL CHECK (jsonb_typeof(attributes) = 'object'),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (person_id, object_key)
);
CREATE INDEX relationship_by_object ON inlet.relationship (object_key);

CREATE TABLE inlet.segment (
  segment_id   int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  workspace_id int NOT NULL REFERENCES inlet.workspace,
  name         text COLLATE "C" NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  UNIQUE (workspace_id, name)
);

CREATE TABLE inlet.segment_member (
  segment_id    int NOT NULL REFERENCES inlet.segment,
  person_id     bigint NOT NULL,
  added_at      timestamptz NOT NULL DEFAULT now(),
  -- By which sync and by which of its imports. The log forgets imports, so it is the number and not a reference.
  sync_id       int NOT NULL REFERENCES inlet.sync,
  import_number int NOT NULL,
  PRIMARY KEY (segment_id, person_id)
);

-- The words of a `deleted` column: PostgreSQL's own, regardless of case. NULL: the cell is none of them.
CREATE FUNCTION inlet.deleted_cell(cell text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
  WHEN lower(cell) IN ('t', 'true', 'y', 'yes', 'on', '1') THEN true
  WHEN lower(cell) IN ('f', 'false', 'n', 'no', 'off', '0') THEN false
END;

-- The sentence of a failed relationship row.
CREATE FUNCTION inlet.relationship_failure_message(reason text, column_name text, cell text, object_type text)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE reason
  WHEN 'blank_key' THEN format('The row has no %s: the cell is empty or NULL, so it names no %s. Give it a value or leave the row out of the query.', column_name,
    CASE column_name WHEN 'object_id' THEN 'object' ELSE 'person' END)
  WHEN 'invalid_deleted' THEN format('"%s" in the column deleted is neither true nor false. Write true or false there, or NULL for false.', left(cell, 254))
  WHEN 'no_such_object' THEN format('There is no object "%s" of the type "%s". Import it first, or leave the row out of the query.', left(cell, 254), object_type)
  WHEN 'no_such_person' THEN format('There is no person with the %s "%s". Import them first, or leave the row out of the query.', column_name, left(cell, 254))
  ELSE inlet.failure_message(reason, column_name, cell, NULL, 'none')
END;

-- What users query.
CREATE VIEW inlet.objects AS
  SELECT w.name AS workspace, t.name AS object_type, o.object_id, o.attributes, o.created_at, o.updated_at
  FROM inlet.object o JOIN inlet.object_type t USING (object_type_id) JOIN inlet.workspace w USING (workspace_id);

CREATE VIEW inlet.relationships AS
  SELECT w.name AS workspace, t.name AS object_type, o.object_id, p.id, p.email, r.attributes, r.created_at, r.updated_at
  FROM inlet.relationship r JOIN inlet.person p USING (person_id) JOIN inlet.object o USING (object_key)
  JOIN inlet.object_type t USING (object_type_id) JOIN inlet.workspace w ON w.workspace_id = p.workspace_id;

CREATE VIEW inlet.segments AS
  SELECT w.name AS workspace, s.name AS segment, s.created_at,
         (SELECT count(*) FROM inlet.segment_member m WHERE m.segment_id = s.segment_id) AS members
  FROM inlet.segment s JOIN inlet.workspace w USING (workspace_id);

CREATE VIEW inlet.segment_members AS
  SELECT w.name AS workspace, g.name AS segment, p.id, p.email, m.added_at, s.name AS sync, m.import_number AS number
  FROM inlet.segment_member m JOIN inlet.segment g USING (segment_id) JOIN inlet.person p USING (person_id)
  JOIN inlet.sync s ON s.sync_id = m.sync_id JOIN inlet.workspace w ON w.workspace_id = g.workspace_id;

-- Down Migration
