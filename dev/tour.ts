import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from '../config/environment.js';
import { loadWorkspaceFile, type WorkspaceFile } from '../config/workspace-file.js';
import { latestImport, listImports } from '../store/import-log.js';
import { openStore, type Store } from '../store/store.js';
import { connected } from './databases.js';
import { followFirstImport } from './first-import.js';
import { differences, liveALittle, sampleFile } from './sample.js';
import type { Screen } from './screen.js';
import type { Tools } from './tools.js';

export interface Tour {
  once: boolean;
  environment: Environment;
  crmOwnerUrl: string;
  temporalUi: string;
  screen: Screen;
  tools: Tools;
  signal: AbortSignal;
}

/** How often something happens in the sample CRM, and how often we look for imports, in milliseconds. */
const LIFE_EVERY_MS = 20_000;
const LOOK_EVERY_MS = 1_000;

/**
 * Applies the sample's syncs, shows the first import of each, and then, until the signal, one line for every later one.
 *
 * @returns 0, or 1 if `once` and the first imports are not what the sample must give
 */
export async function guide(tour: Tour): Promise<0 | 1> {
  const { environment, screen } = tour;
  const file = await loadWorkspaceFile(sampleFile, environment);
  const store = openStore(file.storeUrl(), { max: 2, applicationName: 'inlet dev' });
  try {
    const wrong: string[] = [];
    const seen = new Map<string, number>();
    for (const sync of file.syncs.keys()) {
      wrong.push(...(await showFirst(tour, file, store, sync)));
      seen.set(sync, (await latestImport(store, { workspace: file.settings.name, sync }))?.number ?? 1);
    }
    if (tour.once) {
      for (const difference of wrong) screen.warn(`Not as the sample must be: ${difference}.`);
      return wrong.length === 0 ? 0 : 1;
    }
    sayWhatIsNext(tour);
    await Promise.race([showLater(tour, file, store, seen), liveOn(tour)]);
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
  screen.done('apply', `applied ${sync} of examples/inlet.yaml`);
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
function sayWhatIsNext({ screen, temporalUi }: Tour): void {
  const lines = [
    `The Temporal UI shows every sync, import and the workspace's mutex: ${temporalUi}`,
    '',
    'In another terminal, in this directory (what it needs is in .inlet/env):',
    '',
    '  npx inlet list                    the syncs, and how they are',
    '  npx inlet failures leads          the rows of leads that failed, and why',
    '  npm run sample:mend               mends them in the CRM (examples/mend-leads.sql)',
    '  npx inlet trigger leads --wait    imports leads now: Completed',
    '  npx inlet show object company C-042   a company, and who works there',
    '  npx inlet segments                the segments, and who joined last',
    '  npx inlet pause customers --reason "lunch"',
    '  npx inlet resume customers',
    '  npx inlet imports customers       its history',
    '',
    'The CRM changes a little every now and then. Each later import is a line below; Ctrl-C stops everything.',
    'What PostgreSQL, Temporal and the worker have to say is in .inlet/logs/.',
    '',
  ];
  for (const line of lines) screen.line(line);
}

async function showLater(
  { screen, tools, signal }: Tour,
  file: WorkspaceFile,
  store: Store,
  seen: Map<string, number>,
): Promise<never> {
  for (;;) {
    for (const [sync, last] of seen) {
      const newer = await orNothing(() =>
        listImports(store, { workspace: file.settings.name, sync, limit: 20 }),
      );
      for (const record of (newer ?? []).toReversed()) {
        if (record.number <= last || record.status === 'Running') continue;
        seen.set(sync, record.number);
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
