import type { SyncDefinition } from '../config/sync-definition.js';

/**
 * Where two syncs of a workspace are due at the same times and one of them would be skipped for it, time after time.
 *
 * @param all the workspace's syncs
 * @param named those of interest: a pair is told of if one of it is among them
 * @returns a sentence each
 */
export function sharedTimes(all: readonly SyncDefinition[], named: readonly SyncDefinition[]): string[] {
  return all.flatMap((one, index) =>
    all
      .slice(index + 1)
      .filter((other) => named.includes(one) || named.includes(other))
      .filter((other) => (skips(one) || skips(other)) && meet(one, other))
      .map(
        (other) =>
          `"${one.sync}" (every ${one.every}) and "${other.sync}" (every ${other.every}) share their times: whichever ` +
          `finds the workspace busy is skipped. Give them a startAt some minutes apart, or whenBusy: wait.`,
      ),
  );
}

function skips({ whenBusy, anchor }: SyncDefinition): boolean {
  return whenBusy === 'skip' || (whenBusy === 'unset' && anchor === 'start');
}

/** Only a grid has times to share: an interval that counts from an import's end moves with every import. */
function meet(one: SyncDefinition, other: SyncDefinition): boolean {
  if (one.anchor !== 'start' || other.anchor !== 'start') return false;
  // Applied together they begin together; applied apart they may not, which nobody knows from the file.
  if (one.startAt === undefined || other.startAt === undefined) {
    return one.startAt === other.startAt && one.everyMs === other.everyMs;
  }
  const apart = Date.parse(one.startAt) - Date.parse(other.startAt);
  return apart % greatestCommonDivisor(one.everyMs, other.everyMs) === 0;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
