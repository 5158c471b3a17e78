import type { PeopleImport, SyncBasics, SyncDefinition } from '../../config/sync-definition.js';
import type { ImportRecord } from '../../store/records.js';

/** A sync of which a test names only what it is about. */
export function syncDefinition(changes: Partial<SyncBasics & PeopleImport> = {}): SyncDefinition {
  return {
    workspace: 'acme',
    sync: 'customers',
    name: 'CRM customers',
    description: '',
    database: 'crm',
    every: '1h',
    everyMs: 3_600_000,
    anchor: 'start',
    whenBusy: 'unset',
    overlapSeconds: 1,
    maxRows: 40_000_000,
    import: 'people',
    identifyBy: 'id',
    mode: 'add-and-update',
    query: 'SELECT id FROM customers',
    ...changes,
  };
}

/** A Completed import of ten rows, but for what the test names. */
export function importRecord(changes: Partial<ImportRecord> = {}): ImportRecord {
  const at = (seconds: number) => new Date(Date.UTC(2026, 0, 2, 3, 0, seconds));
  return {
    workspace: 'acme',
    sync: 'customers',
    number: 12,
    status: 'Completed',
    reason: null,
    databaseMessage: null,
    cause: 'schedule',
    full: false,
    intervals: 1,
    definition: syncDefinition(),
    lastSyncTime: 1_767_315_600,
    sql: 'SELECT id FROM customers',
    relationshipsSql: null,
    startTime: 1_767_319_200,
    startBound: 'clock',
    warnings: [],
    counts: { rows: 10, added: 4, updated: 3, unchanged: 2, skipped: 0, superseded: 0, failed: 1 },
    relationships: null,
    addedByFailed: 0,
    membersAdded: 0,
    membersRemoved: 0,
    rowsStaged: 10,
    rowsApplied: 10,
    chunks: 1,
    chunksApplied: 1,
    dueAt: at(0),
    openedAt: at(1),
    stagedAt: at(3),
    plannedAt: at(4),
    appliedAt: at(10),
    endedAt: at(11),
    acceptedAt: null,
    ...changes,
  };
}
