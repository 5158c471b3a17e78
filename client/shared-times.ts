import type { SyncDefinition } from '../config/sync-definition.js';

/**
 * Where syncs of a workspace are due at the same times and one of them would be skipped for it, time after time.
 *
 * @param all the workspace's syncs
 * @param named those of interest: times are told of if one of them shares them
 * @returns a sentence for each group of syncs that share their times
 */
export function sharedTimes(all: readonly SyncDefinition[], named: readonly SyncDefinition[]): string[] {
  const groups: SyncDefinition[][] = [];
  for (const one of all) {
    const meets = (group: SyncDefinition[]) => group.every((other) => meet(one, other));
    const group = groups.find(meets);
    if (group === undefined) groups.push([one]);
    else group.push(one);
  }
  // What meets the syncs of several groups is in the first of them; pairs that this leaves out are told of apart.
  const together = (one: SyncDefinition, other: SyncDefinition) =>
    groups.some((group) => group.includes(one) && group.includes(other));
  const pairs = all.flatMap((one, index) =>
    all
      .slice(index + 1)
      .filter((other) => meet(one, other) && !together(one, other))
      .map((other) => [one, other]),
  );
  return [...groups, ...pairs]
    .filter((group) => group.length > 1 && group.some(skips) && group.some((sync) => named.includes(sync)))
    .map(sentence);
}

function sentence(group: SyncDefinition[]): string {
  const names = group.map(({ sync, every }) => `"${sync}" (every ${every})`);
  const listed = `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
  return (
    `${listed} share their times: whichever finds the workspace busy is skipped. ` +
    'Give them a startAt some minutes apart, or whenBusy: wait.'
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
