import { columns, types, WIDE_COLUMNS, type Variant } from './source-data.js';

export const subjects = ['people', 'objects', 'relationships', 'contested', 'wide', 'interval'] as const;
export type SubjectName = (typeof subjects)[number];

export const steps = ['first load', 'unchanged', '0.1 % changed', 'every row changed'] as const;
export type Step = (typeof steps)[number];

export const variantOf: Record<Step, Variant> = {
  'first load': 'same',
  unchanged: 'same',
  '0.1 % changed': 'few_changed',
  'every row changed': 'all_changed',
};

/** What is imported: rows of a view of the source, by a sync of its own and by the floor's statement. */
export interface Subject {
  name: Exclude<SubjectName, 'interval'>;
  steps: readonly Step[];
  /** The query behind the view of the subject's name. */
  view: (variant: Variant, rows: number) => string;
  /** The staging table's columns, and the statement that brings them into its table. */
  floor: { stage: string; insert: string };
  /** What must be there before. */
  needs: readonly ('people' | 'companies')[];
}

const others = columns.filter((name) => name !== 'email');
const tableOf = (variant: Variant) => (variant === 'none' ? 'same' : variant);
const limitOf = (variant: Variant, rows: number) => (variant === 'none' ? 0 : rows);

const ofCustomers = (select: string) => (variant: Variant, rows: number) =>
  `SELECT ${select} FROM ${tableOf(variant)} WHERE id <= ${limitOf(variant, rows)}`;

const object = (names: readonly string[]) =>
  `jsonb_build_object(${names.map((name) => `'${name}', s.${name}`).join(', ')})`;

/** A function takes no more than a hundred arguments; a record of three hundred is one. */
const record = (names: readonly string[]) =>
  `(SELECT to_jsonb(x) FROM (SELECT ${names.map((name) => `s.${name}`).join(', ')}) x)`;

const insertPeople = (attributes: string) => `
  INSERT INTO person AS p (workspace_id, id, email, attributes)
  SELECT 1, s.id, s.email, ${attributes} FROM stage s
  ON CONFLICT (id, workspace_id) DO UPDATE
    SET email = excluded.email, attributes = p.attributes || excluded.attributes, updated_at = now()
    WHERE (p.email, p.attributes) IS DISTINCT FROM (excluded.email, p.attributes || excluded.attributes)`;

const stageOf = (key: string) =>
  `${key}, email text COLLATE "C", ${others.map((name) => `${name} ${types[name]}`).join(', ')}`;

export const people: Subject = {
  name: 'people',
  steps,
  view: ofCustomers(`id, ${columns.join(', ')}`),
  floor: { stage: stageOf('id text COLLATE "C"'), insert: insertPeople(object(others)) },
  needs: [],
};

const objects: Subject = {
  name: 'objects',
  steps,
  view: ofCustomers(`id AS object_id, ${columns.join(', ')}`),
  floor: {
    stage: stageOf('object_id text COLLATE "C"'),
    insert: `
      INSERT INTO object AS o (object_type_id, object_id, attributes)
      SELECT 1, s.object_id, ${object(columns)} FROM stage s
      ON CONFLICT (object_id, object_type_id) DO UPDATE
        SET attributes = o.attributes || excluded.attributes, updated_at = now()
        WHERE o.attributes IS DISTINCT FROM o.attributes || excluded.attributes`,
  },
  needs: [],
};

const relationships: Subject = {
  name: 'relationships',
  steps,
  view: ofCustomers(`id, 'C-' || 1 + id % 1000 AS object_id, plan AS role`),
  floor: {
    stage: 'id text COLLATE "C", object_id text COLLATE "C", role text',
    insert: `
      INSERT INTO relationship AS r (person_id, object_key, attributes)
      SELECT p.person_id, o.object_key, jsonb_build_object('role', s.role)
      FROM stage s
      JOIN person p ON p.workspace_id = 1 AND p.id = s.id
      JOIN object o ON o.object_type_id = 1 AND o.object_id = s.object_id
      ON CONFLICT (person_id, object_key) DO UPDATE
        SET attributes = r.attributes || excluded.attributes, updated_at = now()
        WHERE r.attributes IS DISTINCT FROM r.attributes || excluded.attributes`,
  },
  needs: ['people', 'companies'],
};

const wideColumns = Array.from({ length: WIDE_COLUMNS - 2 }, (_, index) => `c${index + 1}`);
const wideTypes = ['bigint', 'text', 'boolean'];

const wide: Subject = {
  name: 'wide',
  steps: ['first load', 'unchanged'],
  view: (variant, rows) => `SELECT * FROM wide WHERE id <= ${limitOf(variant, rows)}`,
  floor: {
    stage: `id text COLLATE "C", email text COLLATE "C", ${wideColumns.map((name, index) => `${name} ${wideTypes[index % 3] ?? ''}`).join(', ')}`,
    insert: insertPeople(record(wideColumns)),
  },
  needs: [],
};

/**
 * One INSERT … ON CONFLICT takes no two rows of one key, and fails on an email that is taken. Its floor is that of the
 * clean rows.
 */
const contested: Subject = {
  name: 'contested',
  steps: ['first load', 'unchanged'],
  view: (variant, rows) =>
    `SELECT id, ${columns.join(', ')} FROM contested WHERE id <= ${limitOf(variant, rows)}`,
  floor: people.floor,
  needs: [],
};

export const measuredSubjects: readonly Subject[] = [people, objects, relationships, contested, wide];

/** Whose view the floor of a subject reads: its own, or the clean rows. */
export const floorSubjectOf = (subject: Subject): Subject => (subject === contested ? people : subject);

/** The workspace's file: a sync for each subject, which reads its view. */
export const workspaceFile = `workspace: { name: bench }
databases:
  app: { type: postgres, url: "\${SOURCE_URL}" }
syncs:
  people: { database: app, every: 1d, identifyBy: id, query: SELECT * FROM people_rows }
  contested: { database: app, every: 1d, identifyBy: id, query: SELECT * FROM contested_rows }
  wide: { database: app, every: 1d, identifyBy: id, query: SELECT * FROM wide_rows }
  objects: { database: app, every: 1d, import: objects, objectType: account, query: SELECT * FROM objects_rows }
  relationships:
    database: app
    every: 1d
    import: objects
    objectType: company
    query: SELECT * FROM companies
    relationships: { identifyBy: id, query: SELECT * FROM relationships_rows }
  interval:
    database: app
    every: 1d
    identifyBy: id
    query: "SELECT * FROM interval_rows WHERE updated_at > to_timestamp({{last_sync_time}})"
`;
