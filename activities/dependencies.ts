import type { Client } from '@temporalio/client';
import type { WorkspaceFile } from '../config/workspace-file.js';
import type { Store } from '../store/store.js';

/** What the activities of one workspace need. */
export interface Dependencies {
  /** The workspace's file; its databases' credentials are resolved when one is used. */
  file: WorkspaceFile;
  store: Store;
  /** Signals the mutex, and looks whether imports' workflows are open. */
  client: Client;
  /** The workflows' task queue. */
  taskQueue: string;
}
