import { isDeepStrictEqual } from 'node:util';
import type { PeopleCase } from './people-cases.js';
import { applyInOrder, type ModelFailure } from './people-model.js';
import { hitName } from './people-property.js';
import { searchCases, type SearchOptions } from './people-search.js';
import { addPeople, column, copyText, definitionOf, settingsOf, versionsOf } from './store-import.js';
import { previewRows } from '../../store/preview.js';
import type { Store } from '../../store/store.js';

/** What a preview says of each row, in a form in which the model's and the store's can be compared. */
interface Said {
  rowNumber: number;
  verdict: string;
  failure: Omit<ModelFailure, 'rowNumber' | 'key'> | null;
}

/**
 * Previews random rows against random workspaces, and compares the verdict of each row with the model's. That nobody was
 * touched is part of it.
 * @returns how often each cell of the tables was hit, by mode and key
 * @throws an Error with the smallest part of the first case that differs, and both results
 */
export async function checkPreviews(store: Store, options: SearchOptions): Promise<Map<string, number>> {
  const hits = new Map<string, number>();
  await searchCases(options, async (one) => {
    const expected = expectedOf(one, hits);
    const actual = await actualOf(store, one).catch(String);
    return isDeepStrictEqual(actual, expected)
      ? null
      : `the preview differs from the model.\nexpected ${JSON.stringify(expected)}\nactual   ${JSON.stringify(actual)}`;
  });
  return hits;
}

function expectedOf({ people, task }: PeopleCase, hits: Map<string, number>): Said[] {
  const all = { ...task, keepFailures: task.rows.length };
  const { outcomes, failures, cells } = applyInOrder(structuredClone(people), all);
  for (const cell of cells) hits.set(hitName(task, cell), (hits.get(hitName(task, cell)) ?? 0) + 1);
  const failureOf = new Map(failures.map((failure) => [failure.rowNumber, comparedPart(failure)]));
  return outcomes.map((verdict, index) => ({
    rowNumber: index + 1,
    verdict,
    failure: failureOf.get(index + 1) ?? null,
  }));
}

let workspaces = 0;

async function actualOf(store: Store, { people, task }: PeopleCase): Promise<Said[]> {
  workspaces += 1;
  const workspace = `previewed-${workspaces}`;
  const { columns, rows, ...settings } = task;
  const options = { workspace, ...settings, columns: [] };
  const before = await addPeople(store, people, workspace);
  const verdicts = await previewRows(store, {
    definition: definitionOf(options),
    settings: settingsOf(options),
    encoding: 'UTF8',
    main: {
      columns: columns.map(({ name, type }) => column(name, type)),
      rows: () => Promise.resolve(copyText(rows)),
    },
    relationships: null,
  });
  if (!isDeepStrictEqual(await versionsOf(store, workspace), before))
    throw new Error('The preview has written people.');
  return verdicts.main.map(({ rowNumber, verdict, failure }) => ({
    rowNumber,
    verdict,
    failure: failure === null ? null : comparedPart(failure),
  }));
}

/** What a preview and the model both say of a failure. */
const comparedPart = ({
  column: name,
  value,
  reason,
  collidesWith,
  written,
}: NonNullable<Said['failure']>) => ({
  column: name,
  value,
  reason,
  collidesWith,
  written,
});
