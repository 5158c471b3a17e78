import type { Client } from '@temporalio/client';
import type pino from 'pino';
import { tellEnd, type ImportEvents } from '../activities/import-events.js';
import { fieldsOfError } from '../activities/translate-error.js';
import { isWorkflowOpen } from '../activities/workspace-turn.js';
import { closeAbandoned, runningImports } from '../store/abandoned.js';
import { sweepStaging } from '../store/staging.js';
import type { Store } from '../store/store.js';
import { trimLog } from '../store/trim-log.js';
import { importId } from '../workflows/messages.js';

const EVERY_MS = 3_600_000;

export interface Caretaking {
  workspace: string;
  store: Store;
  client: Client;
  events: ImportEvents;
  logger: pino.Logger;
}

/**
 * Keeps one workspace's store true to Temporal, now and every hour: closes imports whose workflows are gone, sweeps
 * staging that nobody owns, forgets old imports. Any number of workers may do so at once.
 * @returns a function that stops it
 */
export function startCaretaking(caretaking: Caretaking): () => void {
  const { workspace, logger } = caretaking;
  const run = () => {
    takeCare(caretaking).catch((error: unknown) => {
      logger.warn(
        { workspace, ...fieldsOfError(error) },
        'could not tidy the store; it is tried again in an hour',
      );
    });
  };
  run();
  const timer = setInterval(run, EVERY_MS);
  return () => clearInterval(timer);
}

async function takeCare({ workspace, store, client, events, logger }: Caretaking): Promise<void> {
  for (const running of await runningImports(store, workspace)) {
    if (await isWorkflowOpen(client, importId(workspace, running.sync, running.number))) continue;
    tellEnd(events, await closeAbandoned(store, running));
    logger.warn({ workspace, sync: running.sync, import: running.number }, 'closed an abandoned import');
  }
  const swept = await sweepStaging(store);
  const forgotten = await trimLog(store, workspace);
  if (swept > 0 || forgotten > 0) logger.info({ workspace, swept, forgotten }, 'tidied the store');
}
