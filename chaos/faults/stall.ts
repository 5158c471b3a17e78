import { setTimeout as sleep } from 'node:timers/promises';

/** Longer than heartbeats may stay away, shorter than what a server gives an idle transaction. */
const STALL_MS = 15_000;

/**
 * Lets nothing through a gate for 15 seconds, while the import goes on.
 * @param look is asked before the gate is open again
 * @returns what it saw
 */
export async function stall(
  gate: { stall(): void; flow(): void },
  { release }: { release: () => void },
  look: () => string,
): Promise<string> {
  gate.stall();
  release();
  try {
    await sleep(STALL_MS);
    return look();
  } finally {
    gate.flow();
  }
}
