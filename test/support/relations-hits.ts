import type { ModelEnd } from './import-model.js';
import type { Identifier } from './people-model.js';
import type { RelationsImport } from './relations-model.js';

type Mode = RelationsImport['mode'];
const modes: Mode[] = ['add', 'update', 'add-and-update'];
const identifiers: Identifier[] = ['id', 'email'];

const relating = (kind: 'people' | 'objects', identifyBy: Identifier, rule: string) =>
  `relationships after ${kind}, by ${identifyBy}: ${rule}`;
const importing = (mode: Mode, rule: string) => `objects, mode ${mode}: ${rule}`;
/** Who joins depends on the mode; who leaves does not. */
const joining = (identifyBy: Identifier, mode: Mode, rule: string) =>
  /^(leaves|stays)/.test(rule)
    ? `segment, by ${identifyBy}: ${rule}`
    : `segment, by ${identifyBy}, mode ${mode}: ${rule}`;

/** Counts by which rules rows and memberships were decided. */
export function countHits(
  hits: Map<string, number>,
  { main, relationships, mode }: RelationsImport,
  end: ModelEnd,
) {
  const hit = (name: string) => hits.set(name, (hits.get(name) ?? 0) + 1);
  if (main.kind === 'objects')
    for (const { rules } of end.main) for (const rule of rules) hit(importing(mode, rule));
  else for (const membership of end.memberships) hit(joining(main.identifyBy, mode, membership));
  if (relationships === null) return;
  for (const { rules } of end.relationships ?? [])
    for (const rule of rules) hit(relating(main.kind, relationships.identifyBy, rule));
}

const objectRules = (mode: Mode) => [
  'fails: object_id blank_key',
  'fails: object_id too_long',
  'fails: unstorable',
  'superseded',
  mode === 'update' ? 'nobody: skipped' : 'nobody: added',
  ...(mode === 'add' ? ['someone: skipped'] : ['someone: updated', 'someone: unchanged']),
];

const relationshipRules = (identifyBy: Identifier) => [
  'fails: object_id blank_key',
  'fails: object_id too_long',
  `fails: ${identifyBy} blank_key`,
  `fails: ${identifyBy} too_long`,
  ...(identifyBy === 'email' ? ['fails: email invalid_email'] : []),
  'fails: deleted invalid_deleted',
  'fails: unstorable',
  'superseded',
  'sets: no object',
  'sets: no person',
  'sets: no object, no person',
  'sets: was not related',
  'sets: changes attributes',
  'sets: changes nothing',
  'removes: was related',
  'removes: not related',
  'removes: no object',
  'removes: no person',
  'removes: no object, no person',
  'removes: ignores a bad cell',
  'superseded: sets, then removes',
  'superseded: removes, then sets',
  ...(identifyBy === 'email' ? ['superseded: by another case'] : []),
  'relates what the import made',
];

const membershipRules = (mode: Mode) => [
  ...(mode === 'update' ? [] : ['joins: added']),
  ...(mode === 'add' ? [] : ['joins: updated', 'joins: unchanged', 'is a member already: updated']),
  ...(mode === 'add' ? [] : ['is a member already: unchanged', 'is a member already: failed']),
  'joins: failed',
  ...(mode === 'add-and-update' ? [] : ['does not join: skipped']),
  'does not join: superseded',
  'does not join: failed by itself',
  'leaves',
  'leaves: no row, allowEmpty',
  'stays: no row',
  'stays: no mirror',
  'stays: rows failed',
  'stays: relationship rows failed',
  'stays: of another sync',
  'stays: of another segment',
  ...(mode === 'add'
    ? ['stays: skipped', 'stays: could have been claimed']
    : ['stays: in the result', 'stays: claimed']),
];

/** The rules that decided fewer times than they should have, a line each. */
export function seldomHit(hits: Map<string, number>, atLeast: number): string[] {
  const names = [
    ...modes.flatMap((mode) => objectRules(mode).map((rule) => importing(mode, rule))),
    ...identifiers.flatMap((identifyBy) => [
      ...(['people', 'objects'] as const).flatMap((kind) =>
        relationshipRules(identifyBy).map((rule) => relating(kind, identifyBy, rule)),
      ),
      ...modes.flatMap((mode) => membershipRules(mode).map((rule) => joining(identifyBy, mode, rule))),
    ]),
  ];
  return [...new Set(names)]
    .filter((name) => (hits.get(name) ?? 0) < atLeast)
    .map((name) => `${name}: ${hits.get(name) ?? 0} times`);
}
