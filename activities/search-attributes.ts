import type { Client } from '@temporalio/client';
import { searchAttributeKeys } from '../workflows/messages.js';

const ANSWER_WITHIN_MS = 2_000;
/** So that a busy worker doesn't ask all the time. */
const ANSWER_HOLDS_MS = 1_000;

/**
 * Tells whether the namespace has Inlet's search attributes, of the right type, at this moment; false where that can't be
 * found out.
 */
export function searchAttributesOf(client: Client): () => Promise<boolean> {
  let answer = Promise.resolve(false);
  let askedAt = -Infinity;
  return () => {
    if (performance.now() - askedAt > ANSWER_HOLDS_MS) {
      askedAt = performance.now();
      answer = canBeAskedFor(client);
    }
    return answer;
  };
}

/** Whether they can be asked for is what any user may find out; to list them takes an operator on some servers. */
async function canBeAskedFor(client: Client): Promise<boolean> {
  const query = Object.values(searchAttributeKeys)
    .map(({ name }) => `${name} = 'nothing'`)
    .join(' AND ');
  try {
    await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, () => client.workflow.count(query));
    return true;
  } catch {
    return false;
  }
}
