import fc from 'fast-check';
import {
  asNumber,
  at,
  attributeColumns,
  cellOfAttribute,
  chosenOf,
  dice,
  freshObjectIds,
  objectCell,
  objectColumn,
  objectDraft,
  objectTypes,
} from './object-cases.js';
import { blanks, cellOf, keyDraft, type PeopleCase } from './people-cases.js';
import { applyInOrder, type Identifier, type ModelColumn } from './people-model.js';
import type { ModelWorkspace, ObjectsQuery, PeopleQuery, RelationshipsQuery } from './relations-model.js';

const deletedCells: Record<'text' | 'boolean' | 'numeric', fc.Arbitrary<string | null>> = {
  text: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('t', 'true', 'y', 'yes', 'on', '1', 'TRUE', 'Yes', 'oN') },
    {
      weight: 6,
      arbitrary: fc.constantFrom('f', 'false', 'n', 'no', 'off', '0', 'False', 'NO', 'oFF', null),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(...blanks, 'tr', ' true', '2', 'nope', 'yeſ', 'ＯＮ', '\u200b', 'null'),
    },
  ),
  boolean: fc.constantFrom('t', 'f', null),
  numeric: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('1', '0', null) },
    { weight: 1, arbitrary: fc.constantFrom('2', '1.0', '-1') },
  ),
};

/** Rows that relate who and what is there, or comes with the main query, or is not there at all. */
export const relationshipsQuery = (
  workspace: ModelWorkspace,
  { task }: PeopleCase,
  main: PeopleQuery | ObjectsQuery,
): fc.Arbitrary<RelationshipsQuery> =>
  fc
    .record({
      objectType: fc.constantFrom(...objectTypes),
      identifyBy: fc.constantFrom<Identifier[]>(...task.identifiers),
      deleted: fc.constantFrom(
        'text' as const,
        'text' as const,
        'boolean' as const,
        'numeric' as const,
        null,
      ),
      hasOther: dice(3),
      more: attributeColumns,
      isNumeric: dice(6),
      turn: fc.nat(5),
    })
    .chain(({ objectType, identifyBy, deleted, hasOther, more, isNumeric, turn }) => {
      const rotated = <T>(items: T[]) => [
        ...items.slice(turn % items.length),
        ...items.slice(0, turn % items.length),
      ];
      const optional: { column: ModelColumn; cell: fc.Arbitrary<string | null> }[] = [
        ...(deleted === null
          ? []
          : [{ column: { name: 'deleted', type: deleted }, cell: deletedCells[deleted] }]),
        ...(hasOther
          ? [
              {
                column: { name: identifyBy === 'id' ? 'email' : 'id', type: 'text' as const },
                cell: fc.constantFrom('1', 'a@x.io', ' ', null),
              },
            ]
          : []),
        ...more.columns,
      ];
      const row = fc.record({
        from: fc.constantFrom(
          'anywhere' as const,
          'anywhere' as const,
          'a relationship' as const,
          'an earlier row' as const,
        ),
        at,
        /** Says of a relationship that is there what is there. */
        isAsItIs: dice(3),
        shout: dice(4),
        object: objectDraft,
        person: keyDraft,
        cells: fc.tuple(...optional.map(({ cell }) => cell)),
      });
      const imported =
        main.kind === 'objects'
          ? main.rows.map((cells) => cells[main.columns.findIndex(({ name }) => name === 'object_id')] ?? '')
          : freshObjectIds;
      const after =
        main.kind === 'people'
          ? applyInOrder(structuredClone(workspace.people), { ...task, ...main }).people
          : [];
      const known = [...workspace.people, ...after];
      return fc.array(row, { minLength: 4, maxLength: 40, size: 'max' }).map((drafts) => {
        const pairs: [object: string | null, person: string | null][] = [];
        const there = workspace.relationships.filter(({ object }) => object.type === objectType);
        const related = there.map(({ object, person }): [string, string | null] => [
          object.id,
          person[identifyBy],
        ]);
        for (const draft of drafts) {
          const pool = { anywhere: [], 'a relationship': related, 'an earlier row': pairs }[draft.from];
          const [objectId, personKey] = chosenOf<(typeof pairs)[number]>(pool, draft.at) ?? [
            objectCell(draft.object, objectType, workspace.objects, imported),
            cellOf(known, identifyBy, draft.person),
          ];
          const shouted =
            identifyBy === 'email' && draft.shout ? (personKey?.toUpperCase() ?? null) : personKey;
          pairs.push([isNumeric ? asNumber(objectId) : objectId, shouted]);
        }
        return {
          objectType,
          identifyBy,
          columns: rotated([
            objectColumn(isNumeric),
            { name: identifyBy, type: 'text' },
            ...optional.map(({ column }) => column),
          ]),
          rows: drafts.map(({ from, isAsItIs, at: which, cells }, place) => {
            const same = from === 'a relationship' && isAsItIs ? chosenOf(there, which) : undefined;
            const values = cells.map((cell, index) =>
              same === undefined || index < cells.length - more.columns.length
                ? cell
                : cellOfAttribute(same.attributes[optional[index]?.column.name ?? '']),
            );
            return rotated([...(pairs[place] ?? [null, null]), ...values]);
          }),
        };
      });
    });
