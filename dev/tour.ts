import { relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from '../config/environment.js';
import { loadWorkspaceFile, type WorkspaceFile } from '../config/workspace-file.js';
import { latestImport, listImports } from '../store/import-log.js';
import { openStore, type Store } from '../store/store.js';
import { connected } from './databases.js';
import { followFirstImport } from './first-import.js';
import { differences, liveALittle, redshiftFile } from './sample.js';
import type { Screen } from './screen.js';
import { isCheckout, root } from './state.js';
import type { Tools } from './tools.js';

export interface Tour {
  once: boolean;
  environment: Environment;
  files: string[];
  crmOwnerUrl: string;
  temporalUi: string;
  screen: Screen;
  tools: Tools;
  signal: AbortSignal;
}

/** How often something happens in the sample CRM, and how often we look for imports, in milliseconds. */
const LIFE_EVERY_MS = 20_000;
const LOOK_EVERY_MS = 1_000;

/** A sync, and the last of its imports that was shown. */
interface Shown {
  workspace: string;
  sync: string;
  last: number;
}

/**
 * Applies the sample's syncs, shows the first import of each, and then, until the signal, one line for every later one.
 *
 * @returns 0, or 1 if `once` and the first imports are not what the sample must give
 */
export async function guide(tour: Tour): Promise<0 | 1> {
  const { environment, screen } = tour;
  const files = await Promise.all(tour.files.map((file) => loadWorkspaceFile(file, environment)));
  const store = openStore(environment.get('INLET_STORE_URL') ?? '', { max: 2, applicationName: 'inlet dev' });
  try {
    const wrong: string[] = [];
    const seen: Shown[] = [];
    for (const file of files) {
      for (const sync of file.syncs.keys()) {
        wrong.push(...(await showFirst(tour, file, store, sync)));
        const which = { workspace: file.settings.name, sync };
        seen.push({ ...which, last: (await latestImport(store, which))?.number ?? 1 });
      }
    }
    if (tour.once) {
      for (const difference of wrong) screen.warn(`Not as the sample must be: ${difference}.`);
      return wrong.length === 0 ? 0 : 1;
    }
    sayWhatIsNext(tour);
    await Promise.race([showLater(tour, store, seen), liveOn(tour)]);
    return 0;
  } finally {
    await store.close();
  }
}

/** @returns in what it is not as it must be */
async function showFirst(
  { environment, screen, tools, signal }: Tour,
  file: WorkspaceFile,
  store: Store,
  sync: string,
): Promise<string[]> {
  screen.doing('apply', `applying ${sync}`);
  await tools.apply(environment, file, sync);
  screen.done('apply', `applied ${sync} of ${relative(root, file.path)}`);
  screen.line();
  const which = { workspace: file.settings.name, sync };
  const { record, failures } = await followFirstImport(store, which, tools, signal);
  screen.line(tools.outcomeText(record, failures));
  screen.line();
  // If we are stopped now, the next start must not find it half done.
  await orNothing(() => tools.closed(environment, record));
  const newest = await latestImport(store, which);
  if (newest !== null && newest.number > record.number) {
    screen.line(`Since then: ${newest.number - record.number} more, the newest ${tools.importLine(newest)}`);
    screen.line();
  }
  return differences(record, failures);
}

/** The sample needs its syncs; with others in the file, what to do with the leads would mislead. */
function sayWhatIsNext({ screen, files, temporalUi }: Tour): void {
  const lines = [
    `The Temporal UI shows every sync, import and the workspace's mutex: ${temporalUi}`,
    '',
    'In another terminal, in this directory (what it needs is in .inlet/env):',
    '',
    '  npx inlet list                    the syncs, and how they are',
    '  npx inlet failures leads          the rows of leads that failed, and why',
    ...mending,
    '  npx inlet trigger leads --wait    imports leads now: Completed',
    '  npx inlet show object company C-042   a company, and who works there',
    '  npx inlet segments                the segments, and who joined last',
    '  npx inlet pause customers --reason "lunch"',
    '  npx inlet resume customers',
    '  npx inlet imports customers       its history',
    '',
    ...(files.includes(redshiftFile) ? ofRedshift : []),
    'The CRM changes a little every now and then. Each later import is a line below; Ctrl-C stops everything.',
    'What PostgreSQL, Temporal and the worker have to say is in .inlet/logs/.',
    '',
  ];
  for (const line of lines) screen.line(line);
}

const mending = isCheckout
  ? ['  npm run sample:mend               mends them in the CRM (examples/mend-leads.sql)']
  : [
      '  source .inlet/env && psql "$CRM_OWNER_URL" -f node_modules/inlet-etl/examples/mend-leads.sql',
      '                                    mends them in the CRM',
    ];

/** Amazon's client looks for credentials in the environment of the process, and not in .inlet/env. */
const ofRedshift = [
  "The workspace of Redshift's stand-in, which takes any credentials:",
  '',
  '  export AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any',
  '  npx inlet --config examples/redshift.yaml preview spend --full',
  '  npx inlet --config examples/redshift.yaml check',
  '',
];

async function showLater({ screen, tools, signal }: Tour, store: Store, seen: Shown[]): Promise<never> {
  for (;;) {
    for (const shown of seen) {
      const { workspace, sync } = shown;
      const newer = await orNothing(() => listImports(store, { workspace, sync, limit: 20 }));
      for (const record of (newer ?? []).toReversed()) {
        if (record.number <= shown.last || record.status === 'Running') continue;
        shown.last = record.number;
        screen.line(`${sync} ${tools.importLine(record)}`);
      }
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

async function liveOn({ crmOwnerUrl, signal }: Tour): Promise<never> {
  for (;;) {
    await sleep(LIFE_EVERY_MS, undefined, { signal });
    await orNothing(() => connected(crmOwnerUrl, liveALittle));
  }
}

/** PostgreSQL may be away for a moment: whoever keeps it running says so. */
async function orNothing<T>(work: () => Promise<T>): Promise<T | null> {
  return work().catch(() => null);
}
