import { beforeAll, describe, expect, it } from 'vitest';
import { countDifferences } from '../../chaos/contents.js';
import { importRows } from '../support/store-import.js';
import { useStore } from '../support/store-database.js';

const used = useStore('contents');

beforeAll(async () => {
  for (const workspace of ['one', 'other']) {
    const company = { workspace, columns: ['object_id', 'name'], rows: [['c-1', 'Acme']] };
    await importRows(used.store, { ...company, sync: 'companies', objectType: 'company' });
    await importRows(used.store, {
      workspace,
      columns: ['id', 'plan'],
      rows: [
        ['1', 'pro'],
        ['2', 'team'],
      ],
      segment: { name: 'Customers', create: true, mirror: false, allowEmpty: false },
      relationships: {
        objectType: 'company',
        identifyBy: 'id',
        columns: ['id', 'object_id', 'role'],
        rows: [['1', 'c-1', 'owner']],
      },
    });
  }
});

/** What differs after the statement, which is then undone. */
async function differencesAfter(statement: string): Promise<number> {
  const client = await used.store.pool.connect();
  try {
    await client.query(`BEGIN; ${statement}`);
    const store = { pool: client };
    return await countDifferences({ name: 'one', store }, { name: 'other', store });
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

const inOther = `workspace_id = (SELECT workspace_id FROM inlet.workspace WHERE name = 'other')`;
const peopleOfOther = `person_id IN (SELECT person_id FROM inlet.person WHERE ${inOther})`;
const objectsOfOther = `object_type_id IN (SELECT object_type_id FROM inlet.object_type WHERE ${inOther})`;

describe('what differs between a workspace with faults and one without', () => {
  it('is nothing where both took the same rows', async () => {
    expect(await differencesAfter('SELECT')).toBe(0);
  });

  it('is each person, object, relationship and member that is lacking or otherwise', async () => {
    expect(
      await differencesAfter(`UPDATE inlet.person SET attributes = '{}' WHERE id = '2' AND ${inOther}`),
    ).toBe(1);
    expect(await differencesAfter(`UPDATE inlet.object SET attributes = '{}' WHERE ${objectsOfOther}`)).toBe(
      1,
    );
    expect(await differencesAfter(`DELETE FROM inlet.relationship WHERE ${peopleOfOther}`)).toBe(1);
    expect(await differencesAfter(`DELETE FROM inlet.segment_member WHERE ${peopleOfOther}`)).toBe(2);
  });

  it('is everything where one has nothing', async () => {
    expect(await differencesAfter(`UPDATE inlet.workspace SET name = 'renamed' WHERE name = 'other'`)).toBe(
      6,
    );
  });
});
