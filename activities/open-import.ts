import { importId } from '../workflows/messages.js';
import { openImport } from '../store/open-import.js';
import type { Activities } from './activities.js';
import type { Dependencies } from './dependencies.js';
import { failure } from './failures.js';
import { isWorkflowOpen } from './workspace-turn.js';

/** Makes the activity `openImport`: see `Activities`. */
export function openImportActivity({ store, client }: Dependencies): Activities['openImport'] {
  return async (opening) => {
    const { workspace } = opening.definition;
    let opened = await openImport(store, opening);
    if (opened.kind === 'taken') {
      const { key, sync, number } = opened.by;
      const holder = importId(workspace, sync, number);
      if (await isWorkflowOpen(client, holder))
        throw failure('WorkspaceTaken', `The workspace "${workspace}" is still taken by ${holder}.`);
      opened = await openImport(store, opening, key);
    }
    if (opened.kind === 'taken')
      throw failure('WorkspaceTaken', `The workspace "${workspace}" was just taken.`);
    return { key: opened.key };
  };
}
