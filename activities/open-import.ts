import { importId } from '../workflows/messages.js';
import { openImport } from '../store/open-import.js';
import type { Activities } from './activities.js';
import type { Dependencies } from './dependencies.js';
import { failure } from './failures.js';
import { tellEnd, untold } from './import-events.js';
import { isWorkflowOpen } from './workspace-turn.js';

/** Makes the activity `openImport`: see `Activities`. */
export function openImportActivity({
  store,
  client,
  events = untold,
}: Dependencies): Activities['openImport'] {
  return async (opening) => {
    const { workspace, sync } = opening.definition;
    let opened = await openImport(store, opening);
    if (opened.kind === 'taken') {
      const { key, ...by } = opened.by;
      const holder = importId(workspace, by.sync, by.number);
      if (await isWorkflowOpen(client, holder))
        throw failure('WorkspaceTaken', `The workspace "${workspace}" is still taken by ${holder}.`);
      opened = await openImport(store, opening, key);
    }
    if (opened.kind === 'taken')
      throw failure('WorkspaceTaken', `The workspace "${workspace}" was just taken.`);
    tellEnd(events, opened.closed);
    if (opened.isNews) {
      const { number, cause, full, grantedAt, dueAt } = opening;
      const waitedSeconds = Math.max(0, grantedAt - dueAt) / 1000;
      events.opened({ workspace, sync, number }, { cause, full, waitedSeconds });
    }
    return { key: opened.key };
  };
}
