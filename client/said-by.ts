import { ConfigError } from '../config/config-error.js';
import { CommandError, failed } from './exit.js';
import { withoutSecrets } from './explain-error.js';
import { explainStoreError } from './store-error.js';
import { noNamespace } from './temporal-error.js';

/**
 * Runs a part of Inlet whose errors are sentences already, or a store's.
 *
 * @param storeUrl where the store is, if only one can be meant
 * @throws ConfigError and CommandError
 */
export async function saidBy<T>(work: () => Promise<T>, storeUrl = ''): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ConfigError || error instanceof CommandError) throw error;
    const explained = explainStoreError(error, storeUrl);
    if (explained instanceof CommandError) throw explained;
    throw error instanceof Error ? failed(withoutSecrets(sentenceOf(error)), error) : error;
  }
}

/** Temporal's native worker speaks of a namespace that isn't there in a dump of what it was sent. */
function sentenceOf({ message }: Error): string {
  const namespace = /^Namespace (\S+) (?:was|is) not found/.exec(message)?.[1];
  return namespace === undefined ? message : noNamespace(namespace);
}
