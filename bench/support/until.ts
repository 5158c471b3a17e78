import { setTimeout as sleep } from 'node:timers/promises';

/** However slow the machine is, this is a hang. */
const GIVE_UP_MS = 10 * 60_000;

/** Waits until something is so. Throws after ten minutes. */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const giveUpAt = Date.now() + GIVE_UP_MS;
  while (!(await isSo())) {
    if (Date.now() > giveUpAt) throw new Error(`It is not so after ten minutes: ${what}.`);
    await sleep(250);
  }
}
