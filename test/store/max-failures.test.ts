import { describe, expect, it } from 'vitest';
import { closeImport } from '../../store/end-import.js';
import { countFailures } from '../../store/failures.js';
import { applyNextChunk, planImport } from '../../store/ledger.js';
import { isOver } from '../../store/max-failures.js';
import { newWorkspace, useStore } from '../support/store-database.js';
import {
  addPeople,
  importRows,
  nonZero,
  peopleOf,
  stageImport,
  type Cells,
} from '../support/store-import.js';

const opened = useStore('max_failures');

const columns = ['id', 'email', 'plan'];

/** Rows of people, some of which have no id. */
const rowsOf = (sound: number, blank: number): Cells[] => [
  ...Array.from({ length: sound }, (_, index): Cells => [`p${index}`, null, 'pro']),
  ...Array.from({ length: blank }, (): Cells => [' ', null, 'none']),
];

/** Rows that want the email of somebody else, which shows only when they are applied. */
const refusedRows = (count: number): Cells[] =>
  Array.from({ length: count }, (_, index): Cells => [`r${index}`, 'taken@example.com', 'pro']);

const owner = { id: 'owner', email: 'taken@example.com', attributes: {} };

async function lastSyncTimeOf(workspace: string): Promise<number | undefined> {
  const { rows } = await opened.store.pool.query<{ time: number }>(
    `SELECT last_sync_time AS time FROM inlet.sync JOIN inlet.workspace w USING (workspace_id) WHERE w.name = $1`,
    [workspace],
  );
  return rows[0]?.time;
}

describe('more rows that fail by themselves than maxFailures allows', () => {
  it('fail the import before anything is written, and are listed', async () => {
    const workspace = newWorkspace();
    const ended = await importRows(opened.store, {
      ...{ workspace, number: 7, columns, rows: rowsOf(18, 2), maxFailures: { percent: 5 } },
      segment: { name: 'All', create: true, mirror: true, allowEmpty: true },
    });
    expect(ended).toMatchObject({
      status: 'Failed',
      reason:
        '2 of 20 rows (10 %) can\'t be imported, and maxFailures allows 5 %. Nothing was written. "inlet failures customers 7" says why: mend them, leave them out of the query, or raise maxFailures.',
      lastSyncTime: null,
    });
    expect(nonZero(ended.counts)).toEqual({ rows: 2, failed: 2 });
    expect(ended.failures.map(({ rowNumber, reason, written }) => [rowNumber, reason, written])).toEqual([
      [19, 'blank_key', 'none'],
      [20, 'blank_key', 'none'],
    ]);
    expect(ended.failures[0]?.row).toBe('{"id":" ","email":null,"plan":"none"}');
    const ref = { workspace, sync: 'customers', number: 7 };
    expect(await countFailures(opened.store, ref)).toEqual([
      { query: 'main', reason: 'blank_key', count: 2 },
    ]);
    expect(await peopleOf(opened.store, workspace)).toEqual([]);
    expect(await lastSyncTimeOf(workspace)).toBe(0);
  });

  it('are kept up to keepFailures, and counted beyond', async () => {
    const workspace = newWorkspace();
    const ended = await importRows(opened.store, {
      ...{ workspace, columns, rows: rowsOf(3, 5), maxFailures: { rows: 0 }, keepFailures: 2 },
    });
    expect(ended.failures.map(({ rowNumber }) => rowNumber)).toEqual([4, 5]);
    expect(ended.counts.failed).toBe(5);
  });

  it('of the relationship query count against its own rows, and keep the main query from being applied', async () => {
    const workspace = newWorkspace();
    const relationships = {
      objectType: 'company',
      identifyBy: 'id' as const,
      columns: ['object_id', 'id'],
      rows: [
        ['acme', 'p0'],
        ['acme', ''],
      ],
    };
    const ended = await importRows(opened.store, {
      ...{ workspace, number: 3, columns, rows: rowsOf(20, 1), maxFailures: { percent: 5 }, relationships },
    });
    expect(ended.status).toBe('Failed');
    expect(ended.reason).toContain('1 of 2 relationship rows (50 %)');
    expect(ended.counts.failed).toBe(1);
    expect(ended.relationships?.failed).toBe(1);
    expect(ended.failures).toHaveLength(2);
    expect(await peopleOf(opened.store, workspace)).toEqual([]);
  });

  it('give the same verdict when planning is repeated', async () => {
    const workspace = newWorkspace();
    const work = await stageImport(opened.store, {
      ...{ workspace, columns, rows: rowsOf(5, 5), maxFailures: { rows: 4 } },
    });
    expect(await planImport(opened.store, work)).toBe(0);
    expect(await planImport(opened.store, work)).toBe(0);
    expect(await applyNextChunk(opened.store, work)).toBe(false);
    const ended = await closeImport(opened.store, work.key, { status: 'applied' });
    expect(ended.status).toBe('Failed');
    expect(ended.counts.failed).toBe(5);
  });
});

describe('rows that fail while they are applied', () => {
  it('stop the import once they are too many: no further chunk is applied, and nobody leaves the segment', async () => {
    const workspace = newWorkspace();
    await addPeople(opened.store, [owner], workspace);
    const segment = { name: 'All', create: true, mirror: true, allowEmpty: true };
    const first = await importRows(opened.store, { workspace, columns, rows: rowsOf(2, 0), segment });
    expect(first.status).toBe('Completed');

    const ended = await importRows(opened.store, {
      ...{ workspace, columns, rows: refusedRows(2000), maxFailures: { percent: 10 }, segment },
      ...{ chunkRows: 100, lanes: 1, sparse: true },
    });
    expect(ended.status).toBe('Failed');
    expect(ended.reason).toMatch(
      /^\d+ of 2,000 rows \(1\d(\.\d)? %\) failed, and maxFailures allows 10 %\. It stopped when \d+ of 2,000 rows had been applied\./,
    );
    const { rows, failed } = ended.counts;
    expect(failed).toBe(rows);
    expect(failed).toBeGreaterThan(200);
    expect(failed).toBeLessThan(400);
    expect(await peopleOf(opened.store, workspace)).toHaveLength(3 + rows);
    const members = await opened.store.pool.query(
      `SELECT FROM inlet.segment_members WHERE workspace = $1 AND id LIKE 'p%'`,
      [workspace],
    );
    expect(members.rowCount).toBe(2);
  });

  it('fail the import too where all rows had been applied by then', async () => {
    const workspace = newWorkspace();
    await addPeople(opened.store, [owner], workspace);
    const ended = await importRows(opened.store, {
      ...{ workspace, columns, rows: [...rowsOf(3, 0), ...refusedRows(2)], maxFailures: { rows: 1 } },
      chunkRows: 100,
    });
    expect(ended.status).toBe('Failed');
    expect(ended.reason).toContain('By then all rows had been applied.');
    expect(ended.counts.rows).toBe(5);
  });

  it('are Some Rows Failed as long as they are not more than allowed', async () => {
    const workspace = newWorkspace();
    await addPeople(opened.store, [owner], workspace);
    const ended = await importRows(opened.store, {
      ...{ workspace, columns, rows: [...rowsOf(7, 1), ...refusedRows(2)], maxFailures: { percent: 30 } },
    });
    expect(ended.status).toBe('Some Rows Failed');
    expect(ended.counts.failed).toBe(3);
  });
});

describe('a percentage', () => {
  it.each([
    [{ percent: 0.57 }, 57, 10_000, false],
    [{ percent: 0.57 }, 58, 10_000, true],
    [{ percent: 0 }, 0, 10, false],
    [{ percent: 0 }, 1, 1_000_000_000, true],
    [{ percent: 100 }, 10, 10, false],
    [{ percent: 33.333 }, 1, 3, true],
  ])('%j with %i of %i rows is exact', (limit, failed, rows, over) => {
    expect(isOver(limit, failed, rows)).toBe(over);
  });
});
