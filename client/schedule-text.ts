import type { SyncDefinition } from '../config/sync-definition.js';

/** The times of a sync in words, such as `every 1h from the start of the prior import; skipped while …`. */
export function scheduleText(definition: SyncDefinition): string {
  const first = definition.startAt === undefined ? '' : `, first at ${definition.startAt}`;
  const from = definition.anchor === 'end' ? 'the end' : 'the start';
  return `every ${definition.every} from ${from} of the prior import${first}; ${busyText(definition)}`;
}

function busyText({ whenBusy, anchor }: SyncDefinition): string {
  if (whenBusy === 'wait' || (whenBusy === 'unset' && anchor === 'end')) {
    return 'it waits its turn while another import has the workspace';
  }
  const first = whenBusy === 'unset' ? ' (the first run waits)' : '';
  return `it is skipped while another import has the workspace${first}`;
}
