import { afterAll, beforeAll } from 'vitest';
import { migrate } from '../../store/migrate.js';
import { openStore, type Store } from '../../store/store.js';
import { createDatabase, type TestDatabase } from './database.js';

/** A migrated store of its own for one file of tests, opened before and dropped after them. */
export function useStore(prefix: string): { store: Store; url: string } {
  let database: TestDatabase | undefined;
  let store: Store | undefined;
  beforeAll(async () => {
    database = await createDatabase(prefix);
    store = openStore(database.url, { max: 12 });
    await migrate(store);
  });
  afterAll(async () => {
    await store?.close();
    await database?.drop();
  });
  return {
    get store() {
      if (store === undefined) throw new Error('The store is open only while tests run.');
      return store;
    },
    get url() {
      if (database === undefined) throw new Error('The database is there only while tests run.');
      return database.url;
    },
  };
}

let workspaces = 0;

/** A name that no other test of the file has. */
export const newWorkspace = (): string => {
  workspaces += 1;
  return `workspace-${workspaces}`;
};
