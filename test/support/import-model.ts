import { cellOf } from './model-rows.js';
import { isBlank, sameIdentifier, type ModelFailure, type ModelPerson } from './people-model.js';
import {
  applyObjects,
  applyPeople,
  applyRelationships,
  type MainVerdict,
  type ModelMember,
  type ModelWorkspace,
  type PeopleQuery,
  type RelationshipVerdict,
  type RelationsImport,
  type Written,
} from './relations-model.js';

/** What a whole import comes to, by the rules of docs/semantics.md. */
export interface ModelEnd {
  status: 'Completed' | 'Some Rows Failed';
  main: MainVerdict[];
  /** Null where there is no relationship query. */
  relationships: RelationshipVerdict[] | null;
  addedByFailed: number;
  /** The first `keepFailures` of them. */
  failures: (ModelFailure & { query: 'main' | 'relationships' })[];
  membersAdded: number;
  membersRemoved: number;
  written: Written;
  /** What became of each membership that there was, or that a row could have led to. */
  memberships: string[];
}

/** Applies an import to a workspace, which is changed in place. */
export function applyImport(workspace: ModelWorkspace, task: RelationsImport): ModelEnd {
  const { main: query, relationships: related } = task;
  const written: Written = new Map();
  const { verdicts: main, addedByFailed } =
    query.kind === 'people'
      ? applyPeople(workspace, task, query, written)
      : { verdicts: applyObjects(workspace, task, query, written), addedByFailed: 0 };
  const memberships: string[] = [];
  const before = [...workspace.members];
  const joined = query.kind === 'people' ? join(workspace, query, main, memberships) : [];
  for (const member of joined) written.set(member, 'made');
  const relationships = related === null ? null : applyRelationships(workspace, task, related, written);
  const failures = [...failuresOf('main', main), ...failuresOf('relationships', relationships ?? [])];
  const end = {
    status: failures.length > 0 ? ('Some Rows Failed' as const) : ('Completed' as const),
    main,
    relationships,
    addedByFailed,
    failures: failures.slice(0, task.keepFailures),
    membersAdded: joined.length,
    written,
    memberships,
  };
  const membersRemoved =
    query.kind === 'people' ? mirror(workspace, { mode: task.mode, query, before }, end) : 0;
  return { ...end, membersRemoved };
}

const failuresOf = (
  query: 'main' | 'relationships',
  verdicts: (MainVerdict | RelationshipVerdict)[],
): ModelEnd['failures'] =>
  verdicts.flatMap(({ failure }, at) =>
    failure === undefined ? [] : [{ query, rowNumber: at + 1, ...failure }],
  );

/** Whom a row's key names. No row changes a key that is set, so the end of the main query tells. */
function named(
  { people }: ModelWorkspace,
  query: PeopleQuery,
  row: (string | null)[],
): ModelPerson | undefined {
  const key = query.identifyBy;
  const cell = cellOf(query, row, key);
  if (cell === null || isBlank(cell)) return undefined;
  return people.find((each) => each[key] !== null && sameIdentifier(key, each[key], cell));
}

/** Makes members of those whom rows resolved to, and gives the new members. */
function join(
  workspace: ModelWorkspace,
  query: PeopleQuery,
  verdicts: MainVerdict[],
  memberships: string[],
): ModelMember[] {
  const { segment } = query;
  if (segment === null) return [];
  return query.rows.flatMap((row, at): ModelMember[] => {
    const { outcome = 'skipped', rules = [] } = verdicts[at] ?? {};
    const person = named(workspace, query, row);
    if (outcome === 'skipped' || outcome === 'superseded') {
      memberships.push(`does not join: ${outcome}`);
      return [];
    }
    // A row that failed by itself names nobody: it may hold somebody's key, but it is not about them.
    if (person === undefined || rules.some((rule) => rule.startsWith('by itself'))) {
      memberships.push('does not join: failed by itself');
      return [];
    }
    if (workspace.members.some((one) => one.segment === segment.name && one.person === person)) {
      memberships.push(`is a member already: ${outcome}`);
      return [];
    }
    memberships.push(`joins: ${outcome}`);
    const member: ModelMember = { segment: segment.name, person, addedBy: 'this sync' };
    workspace.members.push(member);
    return [member];
  });
}

/** Lets those leave whom the sync has added before, and who are no longer in the result; gives how many. */
function mirror(
  workspace: ModelWorkspace,
  { mode, query, before }: { mode: RelationsImport['mode']; query: PeopleQuery; before: ModelMember[] },
  end: Pick<ModelEnd, 'status' | 'main' | 'memberships'>,
): number {
  const { segment, rows } = query;
  if (segment === null) return 0;
  const present = whoIsPresent(workspace, { mode, query }, end.main);
  const fateOf = ({ segment: name, person, addedBy }: ModelMember): 'leaves' | `stays: ${string}` => {
    if (name !== segment.name) return 'stays: of another segment';
    if (addedBy === 'another sync') return present.has(person) ? 'stays: anyway' : 'stays: of another sync';
    if (!segment.mirror) return 'stays: no mirror';
    if (end.status !== 'Completed')
      return end.main.some(({ outcome }) => outcome === 'failed')
        ? 'stays: rows failed'
        : 'stays: relationship rows failed';
    if (rows.length === 0) return segment.allowEmpty ? 'leaves' : 'stays: no row';
    const why = present.get(person);
    return why === undefined ? 'leaves' : `stays: ${why}`;
  };
  const fates = before.map((member) => ({ member, fate: fateOf(member) }));
  const leaving = new Set(fates.filter(({ fate }) => fate === 'leaves').map(({ member }) => member));
  workspace.members = workspace.members.filter((member) => !leaving.has(member));
  end.memberships.push(
    ...fates.map(({ fate }) =>
      fate === 'leaves' && rows.length === 0 ? 'leaves: no row, allowEmpty' : fate,
    ),
  );
  return leaving.size;
}

/** Who is in the main query's result, and how. */
function whoIsPresent(
  workspace: ModelWorkspace,
  { mode, query }: { mode: RelationsImport['mode']; query: PeopleQuery },
  verdicts: MainVerdict[],
): Map<ModelPerson, string> {
  const key = query.identifyBy;
  const other = key === 'id' ? 'email' : 'id';
  const present = new Map<ModelPerson, string>();
  for (const [at, row] of query.rows.entries()) {
    const { outcome, rules = [] } = verdicts[at] ?? {};
    const person = named(workspace, query, row);
    const wasClaimed = rules.includes('nobody, O of a person without key');
    if (person !== undefined)
      present.set(person, wasClaimed ? 'claimed' : outcome === 'skipped' ? 'skipped' : 'in the result');
    // Only where nobody may be updated is a row skipped that names, by its other cell, somebody without a key.
    if (mode !== 'add' || !wasClaimed) continue;
    const claimed = workspace.people.find(
      (each) => each[other] !== null && sameIdentifier(other, each[other], cellOf(query, row, other) ?? ''),
    );
    if (claimed !== undefined) present.set(claimed, 'could have been claimed');
  }
  return present;
}
