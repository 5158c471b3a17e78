import type { Client } from '@temporalio/client';
import type { WorkspaceFile } from '../config/workspace-file.js';
import type { Store } from '../store/store.js';
import type { ImportEvents } from './import-events.js';
import type { Trace } from './trace.js';

/** What the activities of one workspace need. */
export interface Dependencies {
  /** The workspace's file; its databases' credentials are resolved when one is used. */
  file: WorkspaceFile;
  store: Store;
  /** Signals the mutex, and looks whether imports' workflows are open. */
  client: Client;
  /** The workflows' task queue. */
  taskQueue: string;
  /** Hears what becomes of imports; unless it is given, nobody does. */
  events?: ImportEvents;
  /** Marks phases for traces, where these are on. */
  trace?: Trace;
}
