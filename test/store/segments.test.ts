import { describe, expect, test } from 'vitest';
import { closeImport } from '../../store/end-import.js';
import { applyNextChunk, planImport, type StagedWork } from '../../store/ledger.js';
import { listSegments } from '../../store/segments.js';
import { qualified } from '../../store/staging.js';
import { saveSync } from '../../store/workspaces.js';
import { newWorkspace, useStore } from '../support/store-database.js';
import {
  addPeople,
  definitionOf,
  importRows,
  settingsOf,
  stageImport,
  type ImportOptions,
  type Person,
} from '../support/store-import.js';
import { membersOf } from '../support/workspace-contents.js';

const database = useStore('segments');

const segment = { name: 'readers', create: true, mirror: false, allowEmpty: false };
const mirror = { ...segment, mirror: true };
const person = (id: string | null, email: string | null): Person => ({ id, email, attributes: {} });
const ids = (...some: string[]) => some.map((id) => [id]);

const imported = (workspace: string, options: Partial<ImportOptions>) =>
  importRows(database.store, { workspace, columns: ['id'], rows: [], segment, ...options });
/** An import of person 1 alone into the mirror, of which everything is applied and that is not closed. */
async function appliedToOne(workspace: string): Promise<StagedWork> {
  const work = await stageImport(database.store, {
    workspace,
    segment: mirror,
    columns: ['id'],
    rows: ids('1'),
  });
  await planImport(database.store, work);
  while (await applyNextChunk(database.store, work));
  return work;
}

const members = (workspace: string) => membersOf(database.store, workspace, 'readers');

async function removedBy(workspace: string, number: number): Promise<number | undefined> {
  const { rows } = await database.store.pool.query<{ removed: number }>(
    'SELECT members_removed AS removed FROM inlet.imports WHERE workspace = $1 AND number = $2',
    [workspace, number],
  );
  return rows[0]?.removed;
}

describe('a segment gains', () => {
  test('everybody whom a row is about: added, updated, unchanged', async () => {
    const workspace = newWorkspace();
    await addPeople(database.store, [person('1', null), person('2', null), person('9', null)], workspace);
    const { number } = await imported(workspace, {
      columns: ['id', 'plan'],
      rows: [
        ['1', null],
        ['2', 'gold'],
        ['3', null],
      ],
    });
    expect(await members(workspace)).toEqual(['1 by customers', '2 by customers', '3 by customers']);
    const [listed] = await listSegments(database.store, workspace, 2);
    expect(listed).toMatchObject({
      segment: 'readers',
      members: 3,
      newest: [{ sync: 'customers', number }, {}],
    });
  });

  test('who is found or added by a failed row, and nobody by a row that failed by itself', async () => {
    const workspace = newWorkspace();
    await addPeople(database.store, [person('1', 'a@x.io'), person('2', 'b@x.io')], workspace);
    await imported(workspace, {
      columns: ['id', 'email'],
      rows: [
        ['1', 'b@x.io'],
        ['3', 'b@x.io'],
        [null, 'b@x.io'],
      ],
    });
    expect(await members(workspace)).toEqual(['1 by customers', '3 by customers']);
  });

  test('who is claimed, and nobody by a skipped row', async () => {
    const workspace = newWorkspace();
    await addPeople(database.store, [person(null, 'a@x.io'), person('2', null)], workspace);
    await imported(workspace, {
      mode: 'add',
      columns: ['id', 'email'],
      rows: [
        ['1', 'a@x.io'],
        ['2', null],
        ['3', null],
      ],
    });
    expect(await members(workspace)).toEqual(['3 by customers']);
    await imported(workspace, { columns: ['id', 'email'], rows: [['1', 'a@x.io']] });
    expect(await members(workspace)).toEqual(['1 by customers', '3 by customers']);
  });

  test('each only once, and whoever added them first stays named', async () => {
    const workspace = newWorkspace();
    await imported(workspace, { rows: ids('1') });
    await imported(workspace, { sync: 'other', rows: ids('1', '2') });
    expect(await members(workspace)).toEqual(['1 by customers', '2 by other']);
  });

  test('contested rows, too', async () => {
    const workspace = newWorkspace();
    const rows = ['1', '2', '3'].map((id) => [id, 'same@x.io']);
    const ended = await imported(workspace, { columns: ['id', 'email'], rows });
    expect(ended.counts).toMatchObject({ added: 1, failed: 2 });
    expect(await members(workspace)).toHaveLength(3);
  });
});

describe('who is no longer in the result', () => {
  test('stays, unless the sync mirrors', async () => {
    const workspace = newWorkspace();
    await imported(workspace, { rows: ids('1', '2') });
    await imported(workspace, { rows: ids('1') });
    expect(await members(workspace)).toHaveLength(2);
  });

  test('leaves a segment that mirrors, if it was this sync that added them', async () => {
    const workspace = newWorkspace();
    await imported(workspace, { sync: 'other', rows: ids('8', '9') });
    await imported(workspace, { segment: mirror, rows: ids('1', '2', '3', '9') });
    const { number } = await imported(workspace, { segment: mirror, rows: ids('1') });
    expect(await members(workspace)).toEqual(['1 by customers', '8 by other', '9 by other']);
    expect(await removedBy(workspace, number)).toBe(2);
  });

  test('stays after an import with failed rows, of either query', async () => {
    const workspace = newWorkspace();
    await imported(workspace, { segment: mirror, rows: ids('1', '2') });
    await imported(workspace, { segment: mirror, rows: [['1'], [null]] });
    await imported(workspace, {
      segment: mirror,
      rows: ids('1'),
      relationships: { objectType: 'c', identifyBy: 'id', columns: ['id', 'object_id'], rows: [['1', 'x']] },
    });
    expect(await members(workspace)).toHaveLength(2);
  });

  test('stays after an import that is canceled', async () => {
    const workspace = newWorkspace();
    await imported(workspace, { segment: mirror, rows: ids('1', '2') });
    const work = await appliedToOne(workspace);
    await closeImport(database.store, work.key, { status: 'Canceled', reason: 'canceled' });
    expect(await members(workspace)).toHaveLength(2);
  });

  test('stays where the result is empty, unless that is allowed', async () => {
    const workspace = newWorkspace();
    await imported(workspace, { segment: mirror, rows: ids('1', '2') });
    await imported(workspace, { segment: mirror });
    expect(await members(workspace)).toHaveLength(2);
    await imported(workspace, { segment: { ...mirror, allowEmpty: true } });
    expect(await members(workspace)).toEqual([]);
  });

  test('is not who is in a skipped or a superseded row', async () => {
    const workspace = newWorkspace();
    await imported(workspace, { segment: mirror, rows: ids('1', '2', '3') });
    const ended = await imported(workspace, { segment: mirror, mode: 'add', rows: ids('1', '2', '2') });
    expect(ended.counts).toMatchObject({ skipped: 2, superseded: 1 });
    expect(await members(workspace)).toEqual(['1 by customers', '2 by customers']);
  });

  test('is not who has no key and could be claimed by a skipped row, but who could not', async () => {
    const workspace = newWorkspace();
    // Known by email at first; then the sync knows people by id.
    const byEmail = { identifyBy: 'email' as const, columns: ['email'] };
    const rows = ['a', 'b', 'c'].map((name) => [`${name}@x.io`]);
    await imported(workspace, { segment: mirror, ...byEmail, rows });
    await addPeople(database.store, [person('7', null)], workspace);
    const ended = await imported(workspace, {
      segment: mirror,
      mode: 'add',
      columns: ['id', 'email'],
      rows: [
        ['5', 'A@x.io'],
        ['7', 'b@x.io'],
      ],
    });
    expect(ended.counts).toMatchObject({ rows: 2, skipped: 2 });
    expect(await members(workspace)).toEqual(['a@x.io by customers']);
  });

  test('can not be told where the staged rows are gone: nobody leaves, and the import is Failed', async () => {
    const workspace = newWorkspace();
    await imported(workspace, { segment: mirror, rows: ids('1', '2') });
    const work = await appliedToOne(workspace);
    await database.store.pool.query(`TRUNCATE ${qualified(work.staging.table)}`);
    const ended = await closeImport(database.store, work.key, { status: 'applied' });
    expect(ended).toMatchObject({ status: 'Failed', counts: { rows: 1, unchanged: 1 } });
    expect(ended.reason).toContain('nobody can tell who left the segment');
    expect(await members(workspace)).toHaveLength(2);
  });
});

describe('a segment that is not there', () => {
  const wanted = (workspace: string, name: string, create: boolean) => {
    const options = { workspace, columns: [], segment: { ...segment, name, create } };
    return saveSync(database.store, definitionOf(options), settingsOf(options));
  };

  test('is made when the sync is defined, if it may be', async () => {
    const workspace = newWorkspace();
    await wanted(workspace, 'new', true);
    expect(await listSegments(database.store, workspace, 5)).toMatchObject([{ segment: 'new', members: 0 }]);
    await expect(wanted(workspace, 'new', false)).resolves.toBeDefined();
  });

  test('is refused else, with those that are, and nothing is changed', async () => {
    const workspace = newWorkspace();
    await expect(wanted(workspace, 'New', false)).rejects.toThrow(
      'The workspace has no segment "New". It has none yet. Correct segment.name, or set segment.create to true.',
    );
    await wanted(workspace, 'b', true);
    await wanted(workspace, 'a', true);
    await expect(wanted(workspace, 'A', false)).rejects.toThrow('It has: "a", "b".');
    const { rows } = await database.store.pool.query<{ name: string }>(
      `SELECT definition->'segment'->>'name' AS name FROM inlet.sync JOIN inlet.workspace w USING (workspace_id) WHERE w.name = $1`,
      [workspace],
    );
    expect(rows).toEqual([{ name: 'a' }]);
  });
});
