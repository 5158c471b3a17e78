import type pg from 'pg';

/** Another import is active, or this one is closed: whatever the caller wants to write is too late. */
export class FencedOff extends Error {
  constructor() {
    super('The import is no longer the active one of its workspace, so nothing more is written for it.');
    this.name = 'FencedOff';
  }
}

/** The store has no such import: it was restored from a backup that is older, or is another store. */
export class ForgottenImport extends Error {
  constructor() {
    super(
      'The store does not know this import: it was restored from an older backup, or is another store. The next import asks again for what it lost.',
    );
    this.name = 'ForgottenImport';
  }
}

/**
 * Holds the fence for the rest of the transaction: opening and closing an import wait for it.
 * @throws FencedOff if the import is not the workspace's active one
 */
export async function holdFence(client: pg.ClientBase, importKey: string): Promise<void> {
  const { rowCount } = await client.query(
    'SELECT FROM inlet.workspace WHERE active_import = $1::bigint FOR SHARE',
    [importKey],
  );
  if (rowCount !== 1) throw new FencedOff();
}
