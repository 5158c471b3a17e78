import type { NativeConnection } from '@temporalio/worker';
import type pino from 'pino';
import { searchAttributeKeys } from '../workflows/messages.js';

const ANSWER_WITHIN_MS = 5_000;
const AGAIN_EVERY_MS = 60_000;
/** IndexedValueType of Temporal's API. */
const KEYWORD = 2;

interface Registering {
  connection: NativeConnection;
  namespace: string;
  logger: pino.Logger;
}

/**
 * Gives the namespace the search attributes by which syncs and imports are found. Where that is refused (Temporal Cloud
 * does, and a server may have no room for more), everything works without them, and one line of the log says so. Else
 * they are seen to every minute: if somebody removes them in the very moment in which a workflow sets one, the workflow
 * waits until they are there again.
 * @returns a function that ends it
 */
export async function keepSearchAttributes(registering: Registering): Promise<() => void> {
  if (!(await register(registering))) return () => undefined;
  const timer = setInterval(() => void register(registering), AGAIN_EVERY_MS);
  return () => clearInterval(timer);
}

/** @returns false if that was refused */
async function register({ connection, namespace, logger }: Registering): Promise<boolean> {
  const names = Object.values(searchAttributeKeys).map(({ name }) => name);
  try {
    await connection.withDeadline(Date.now() + ANSWER_WITHIN_MS, async () => {
      const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
      const missing = names.filter((name) => customAttributes[name] === undefined);
      if (missing.length === 0) return;
      const searchAttributes = Object.fromEntries(missing.map((name) => [name, KEYWORD]));
      await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
    });
    return true;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    logger.info(
      { namespace, names, why },
      'could not register search attributes: unless the namespace has these, as Keyword, syncs and imports are found by their ids only',
    );
    return false;
  }
}
