import type { SyncDefinition } from '../config/sync-definition.js';
import type { WorkspaceFile } from '../config/workspace-file.js';
import { listSyncs } from '../store/import-log.js';
import { wrongUse } from './exit.js';
import type { Session } from './session.js';
import { reading } from './store-error.js';
import { unknownName } from './unknown-name.js';

/** A sync that is in the file, or that the store remembers. */
export interface KnownSync {
  file: WorkspaceFile;
  workspace: string;
  sync: string;
  /** Undefined if the sync is gone from the file. */
  definition: SyncDefinition | undefined;
}

/**
 * Finds a sync by its name. One that is gone from the file is found as long as the store has its log, for it may still
 * run.
 *
 * @throws CommandError with exit code 2 and the names that are near
 */
export async function knownSync(session: Session, name: string): Promise<KnownSync> {
  const file = await session.file();
  const workspace = file.settings.name;
  const definition = file.syncs.get(name);
  if (definition !== undefined) return { file, workspace, sync: name, definition };

  const inFile = [...file.syncs.keys()];
  const remembered = await rememberedSyncs(session, file).catch((error: unknown) => {
    const why = error instanceof Error ? ` What the store remembers is not known: ${error.message}` : '';
    throw wrongUse(unknownName('sync', name, file.path, inFile) + why, error);
  });
  if (remembered.includes(name)) return { file, workspace, sync: name, definition: undefined };
  throw wrongUse(unknownName('sync', name, file.path, new Set([...inFile, ...remembered])));
}

/** Syncs of the file only: for what needs their definition. */
export function syncOfFile(file: WorkspaceFile, name: string): SyncDefinition {
  const definition = file.syncs.get(name);
  if (definition === undefined) throw wrongUse(unknownName('sync', name, file.path, file.syncs.keys()));
  return definition;
}

async function rememberedSyncs(session: Session, file: WorkspaceFile): Promise<string[]> {
  const store = await session.store();
  const records = await reading(file, () => listSyncs(store, file.settings.name));
  return records.map((record) => record.sync);
}
