import fc from 'fast-check';
import { blanks, extras } from './people-cases.js';
import type { ModelColumn } from './people-model.js';
import type { ModelObject, ObjectsQuery } from './relations-model.js';

/** Names differ by case alone: they are exact. */
export const objectTypes = ['company', 'Company'];
export const objectIds = ['1', '2', '3', '1.0', 'A', 'a', ' 1', 'é', 'c1', 'c2', 'c3', 'c4'];
export const freshObjectIds = ['4', '5', '4.0', 'n1', 'n2', 'n3', 'n@x.io'];
const sickObjectIds = [null, ...blanks.slice(0, 3), ...['x', '7', 'é', ' x'].map((part) => part.repeat(151))];

export const attributes = fc.constantFrom<Record<string, unknown>[]>(
  {},
  {},
  { plan: 'gold' },
  { plan: 'silver', score: 2 },
  { score: 1, data: { a: [1] } },
  { data: { a: [1, 2] }, kept: true },
);

/** Makes rows so wide that few of them fill a block of the stage, of which chunks are cut. */
export const pads = fc
  .constantFrom(null, 400, 250, 120)
  .map((size) => (size === null ? null : 'p'.repeat(size)));

export const dice = (of: number) => fc.nat(of - 1).map((side) => side === 0);
export const at = fc.nat(999);
export const chosenOf = <T>(items: T[], place: number): T | undefined =>
  items[place % Math.max(1, items.length)];

/** Columns that are attributes, with their cells. */
export const attributeColumns = fc
  .record({ chosen: fc.subarray(extras), pad: pads })
  .map(({ chosen, pad }) => ({
    pad,
    columns: [
      ...chosen,
      ...(pad === null ? [] : [{ column: { name: 'pad', type: 'text' as const }, cell: fc.constant(pad) }]),
    ],
  }));

/** How a cell that names an object comes about. */
export const objectDraft = fc.record({
  from: fc.oneof(
    ...Object.entries({ there: 9, imported: 5, 'of the other type': 1, fresh: 3, sick: 2 } as const).map(
      ([from, weight]) => ({ weight, arbitrary: fc.constant(from) }),
    ),
  ),
  at,
  sick: fc.constantFrom(...sickObjectIds),
});

export function objectCell(
  { from, at: place, sick }: { from: string; at: number; sick: string | null },
  type: string,
  there: ModelObject[],
  imported: string[],
): string | null {
  const idsOf = (isSame: boolean) => there.flatMap((one) => ((one.type === type) === isSame ? [one.id] : []));
  if (from === 'sick') return sick;
  const pool =
    from === 'there'
      ? idsOf(true)
      : from === 'imported'
        ? imported
        : from === 'fresh'
          ? freshObjectIds
          : idsOf(false);
  return chosenOf(pool.length === 0 ? objectIds : pool, place) ?? null;
}

/** What COPY prints of a numeric column; 1 and 1.0 are two ids. */
export const asNumber = (cell: string | null) =>
  cell === null || /^\d+(\.\d+)?$/.test(cell) ? cell : '7.50';

export const objectColumn = (isNumeric: boolean): ModelColumn => ({
  name: 'object_id',
  type: isNumeric ? 'numeric' : 'text',
});

/** The cell that says of an attribute what it is already. */
export const cellOfAttribute = (value: unknown): string | null =>
  value === undefined ? null : typeof value === 'string' ? value : JSON.stringify(value);

export const objectsQuery = (objects: ModelObject[]): fc.Arbitrary<ObjectsQuery> =>
  fc
    .record({
      objectType: fc.constantFrom(...objectTypes),
      more: attributeColumns,
      isNumeric: dice(6),
      // Identifiers and `deleted` are ordinary attributes of an object.
      ordinary: fc.subarray(['id', 'email', 'deleted']),
    })
    .chain(({ objectType, more, isNumeric, ordinary }) => {
      const cells = [
        ...ordinary.map(() => fc.constantFrom('1', ' ', null)),
        ...more.columns.map(({ cell }) => cell),
      ];
      return fc
        .array(fc.tuple(objectDraft, dice(4), fc.tuple(...cells)), {
          minLength: 4,
          maxLength: 30,
          size: 'max',
        })
        .map((drafts) => ({
          kind: 'objects' as const,
          objectType,
          columns: [
            ...ordinary.map((name) => ({ name, type: 'text' as const })),
            objectColumn(isNumeric),
            ...more.columns.map(({ column }) => column),
          ],
          rows: drafts.map(([draft, isAsItIs, drafted]) => {
            const id = objectCell(draft, objectType, objects, freshObjectIds);
            const there = objects.find((one) => one.type === objectType && one.id === id);
            const same = isAsItIs ? there : undefined;
            const cut = ordinary.length;
            const values = drafted.map((cell, index) =>
              same === undefined
                ? cell
                : cellOfAttribute(same.attributes[more.columns[index - cut]?.column.name ?? '']),
            );
            return [...values.slice(0, cut), isNumeric ? asNumber(id) : id, ...values.slice(cut)];
          }),
        }));
    });
