/**
 * What `import … from 'inlet-etl'` gives (docs/api.md): the configuration file, the worker, and the messages by which a
 * program with a Temporal client of its own talks to syncs. Everything else is Inlet's own business and may change.
 */
export { runWorker, type RunWorkerOptions } from './run-worker.js';

export { ConfigError, type ConfigProblem } from '../config/config-error.js';
export { readEnvironment, type Environment } from '../config/environment.js';
export { loadWorkspaceFile, type WorkspaceFile } from '../config/workspace-file.js';
export type { SyncDefinition, WorkspaceSettings } from '../config/sync-definition.js';

export {
  acceptImport,
  cancelImport,
  deleteSync,
  importId,
  pause,
  resume,
  syncId,
  syncStatus,
  trigger,
  TASK_QUEUE,
} from '../workflows/messages.js';
export type {
  Accepted,
  AcceptRequest,
  EndStatus,
  ImportResult,
  ImportStatus,
  RelationshipCounts,
  RowCounts,
  SyncStatus,
  Triggered,
  TriggerRequest,
} from '../workflows/messages.js';
