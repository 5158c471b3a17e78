import type { KindProblem } from './kind-coherence.js';
import type { Path } from './plain-data.js';
import { oneOf, where } from './wording.js';

const keysOf: Record<string, { own: string[]; needed: string[] }> = {
  postgres: { own: ['url', 'ssl', 'sslRootCert'], needed: ['url'] },
  'redshift-direct': { own: ['url', 'ssl', 'sslRootCert', 'readOnly'], needed: ['url'] },
  redshift: {
    own: ['region', 'cluster', 'workgroup', 'database', 'dbUser', 'secretArn', 'endpoint', 'readOnly'],
    needed: ['database'],
  },
};

const examples: Record<string, string> = { url: '"${CRM_DATABASE_URL}"', database: 'prod' };

/**
 * What is wrong between the keys of one database: which go with which type, and what a type can't do without.
 *
 * @param isMeant tells of a key that was misspelled, which needn't be said to be missing
 */
export function databaseProblems(
  path: Path,
  database: Record<string, unknown>,
  isMeant: (path: Path) => boolean,
): KindProblem[] {
  const type = String(database.type);
  const keys = keysOf[type];
  if (keys === undefined) return [];
  const misplaced = Object.keys(database)
    .filter((key) => !keys.own.includes(key))
    .map((key) => ({ key, types: Object.keys(keysOf).filter((name) => keysOf[name]?.own.includes(key)) }))
    .filter(({ types }) => types.length > 0);
  const missing = keys.needed.filter((key) => database[key] === undefined && !isMeant([...path, key]));
  return [
    ...misplaced.map(({ types, key }) => ({
      path: [...path, key],
      atKey: true,
      message: `${where([...path, key])} is for databases of type ${oneOf(types)}; this one is of type ${type}. Remove it.`,
    })),
    ...missing.map((key) => ({
      path: [...path, key],
      atKey: false,
      message: `${where([...path, key])} is missing; for example ${key}: ${examples[key] ?? ''}.`,
    })),
    ...(type === 'redshift' ? targetProblems(path, database, isMeant) : []),
  ];
}

function targetProblems(
  path: Path,
  database: Record<string, unknown>,
  isMeant: (path: Path) => boolean,
): KindProblem[] {
  const { cluster, workgroup, dbUser, secretArn } = database;
  const problem = (key: string, message: string) => [{ path: [...path, key], atKey: true, message }];
  if (cluster !== undefined && workgroup !== undefined)
    return problem('workgroup', `${where(path)} has both cluster and workgroup. Keep one of them.`);
  if (cluster === undefined && workgroup === undefined) {
    if (['cluster', 'workgroup'].some((key) => isMeant([...path, key]))) return [];
    const message = `${where(path)} needs ${oneOf(['cluster (provisioned)', 'workgroup (serverless)'])}.`;
    return [{ path, atKey: true, message }];
  }
  if (dbUser !== undefined && workgroup !== undefined)
    return problem(
      'dbUser',
      `${where([...path, 'dbUser'])} goes with cluster: in a workgroup the user follows from the IAM identity. Remove it.`,
    );
  if (dbUser !== undefined && secretArn !== undefined)
    return problem(
      'dbUser',
      `${where(path)} has both dbUser and secretArn, which names a user of its own. Keep one of them.`,
    );
  return [];
}
