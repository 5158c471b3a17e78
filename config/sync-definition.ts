/**
 * What a sync is, as plain JSON with every default filled in. This is what goes to Temporal and into the import log,
 * so it names a database and never holds a credential. docs/configuration.md explains each key.
 */
export type Identifier = 'id' | 'email';

/** Which people or objects a sync may write: new ones, those that exist, or both. */
export type Mode = 'add' | 'update' | 'add-and-update';

/** From which end of the prior import the interval is measured. */
export type Anchor = 'start' | 'end';

/** What an import does when another one has the workspace. */
export type WhenBusy = 'wait' | 'skip';

export type SyncDefinition = SyncBasics & (PeopleImport | ObjectsImport);

/** How many of a query's rows may fail: a number, or so many of a hundred, with at most three decimals. */
export type MaxFailures = { rows: number } | { percent: number };

/** What the rows of the query are. */
export interface PeopleImport {
  import: 'people';
  identifyBy: Identifier;
  segment?: SegmentTarget;
}

export interface ObjectsImport {
  import: 'objects';
  objectType: string;
}

/** The segment that everybody whom a row is about becomes a member of. */
export interface SegmentTarget {
  name: string;
  /** Makes it if it isn't there. */
  create: boolean;
  /** Those whom the sync added leave it when they are no longer in the query's result. */
  mirror: boolean;
  /** A result of no row lets all of them leave, too. */
  allowEmpty: boolean;
}

/** A second query, whose rows relate people to objects. */
export interface RelationshipsImport {
  objectType: string;
  identifyBy: Identifier;
  query: string;
}

export interface SyncBasics {
  workspace: string;
  /** The sync's key in the file; its name in commands and workflow ids. */
  sync: string;
  /** The sync's readable name; the key where the file gives none. */
  name: string;
  description: string;
  database: string;
  /** The interval as it was written (`6h`), and in milliseconds. */
  every: string;
  everyMs: number;
  anchor: Anchor;
  /** `unset`: what the anchor implies, which differs for the first run (docs/scheduling.md). */
  whenBusy: WhenBusy | 'unset';
  /** ISO 8601 with offset; sets the first run, and so the grid. */
  startAt?: string;
  /** Seconds by which `last_sync_time` is moved back. */
  overlapSeconds: number;
  /** More rows than this fail the import before anything is written. */
  maxRows: number;
  /** More failed rows of one query than this stop the import; absent: any number may fail. */
  maxFailures?: MaxFailures;
  mode: Mode;
  query: string;
  relationships?: RelationshipsImport;
}

/** The workspace's settings, copied into each import's row of the log when it opens. */
export interface WorkspaceSettings {
  name: string;
  identifiers: Identifier[];
  allowEmailUpdatesUsingId: boolean;
  /** How long the log is kept, in milliseconds. */
  keepImportsMs: number;
  /** How many failures of one import are kept whole. */
  keepFailures: number;
}

/** The segment that a sync adds people to. */
export const segmentOf = (definition: SyncDefinition): SegmentTarget | undefined =>
  definition.import === 'people' ? definition.segment : undefined;

/** A sync's queries in the order in which they run. */
export function queriesOf({
  query,
  relationships,
}: Pick<SyncDefinition, 'query' | 'relationships'>): { name: 'main' | 'relationships'; text: string }[] {
  return [
    { name: 'main', text: query },
    ...(relationships === undefined ? [] : [{ name: 'relationships' as const, text: relationships.query }]),
  ];
}
