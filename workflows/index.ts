export { AlertWorkflow } from './alert.js';
export { ImportWorkflow } from './import.js';
export { SyncWorkflow } from './sync.js';
export { WorkspaceMutexWorkflow } from './workspace-mutex.js';
