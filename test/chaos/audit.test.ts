import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { audit, installAudit, resetAudit } from '../../chaos/audit.js';
import { importRows } from '../support/store-import.js';
import { newWorkspace, useStore } from '../support/store-database.js';

/* What the chaos program believes is what its own triggers saw: here it must notice what no import does. */

const used = useStore('audit');
let workspace: string;

beforeAll(() => installAudit(used.store.pool));
beforeEach(async () => {
  await resetAudit(used.store.pool);
  workspace = newWorkspace();
  await importRows(used.store, {
    workspace,
    columns: ['id', 'plan'],
    rows: [
      ['1', 'pro'],
      ['2', 'team'],
      ['2', 'free'],
    ],
  });
});

const sql = (text: string) => used.store.pool.query(text);
const ofWorkspace = () =>
  `workspace_id = (SELECT workspace_id FROM inlet.workspace WHERE name = '${workspace}')`;

describe('the audit', () => {
  it('agrees with an import to which nothing happened', async () => {
    expect(await audit(used.store.pool)).toEqual({ appliedTwice: 0, miscounted: [] });
  });

  it('notices who was written outside of all chunks', async () => {
    await sql(`UPDATE inlet.person SET attributes = '{}', row_hash = NULL WHERE ${ofWorkspace()}`);
    expect(await audit(used.store.pool)).toMatchObject({ appliedTwice: 2 });
  });

  it('notices a chunk that is applied a second time, and the rows of it', async () => {
    await sql(`BEGIN; UPDATE inlet.person SET attributes = '{}', row_hash = NULL WHERE id = '1' AND ${ofWorkspace()};
      UPDATE inlet.chunk SET applied_at = now()
      WHERE import_id = (SELECT max(import_id) FROM inlet.import WHERE ${ofWorkspace()}); COMMIT`);
    const { appliedTwice, miscounted } = await audit(used.store.pool);
    expect(appliedTwice).toBe(2);
    expect(miscounted).toHaveLength(1);
  });

  it('notices counts that are not what was written', async () => {
    await sql(`UPDATE inlet.import SET added = added - 1, unchanged = unchanged + 1 WHERE ${ofWorkspace()}`);
    const { miscounted } = await audit(used.store.pool);
    expect(miscounted).toHaveLength(1);
    expect(miscounted[0]).toMatch(/^customers #\d+ says .*"added": 1.* and wrote .*"added": 2/);
  });
});
