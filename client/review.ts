import type { Command } from 'commander';
import { segmentOf, type SyncDefinition } from '../config/sync-definition.js';
import type { WorkspaceFile } from '../config/workspace-file.js';
import { listSyncs } from '../store/import-log.js';
import { missingSegment } from '../store/import-scope.js';
import type { SyncRecord } from '../store/records.js';
import { listSegments } from '../store/segments.js';
import type { SyncStatus } from '../workflows/messages.js';
import { examples, type Run } from './argument.js';
import { exitCodes, type ExitCode } from './exit.js';
import { explainError } from './explain-error.js';
import { syncOfFile } from './known-sync.js';
import { reviewJson, reviewOf, reviewText } from './review-report.js';
import type { Session } from './session.js';
import { reading, StoreNotPrepared } from './store-error.js';

export function addReview(program: Command, run: Run): void {
  const command = program
    .command('review')
    .argument('<sync>', 'a sync of the file')
    .description('Say what a sync would do: what apply would change, its SQL, and its next five run times.')
    .action((name: string) => run((session) => review(session, name)));
  examples(command, 'inlet review customers');
}

async function review(session: Session, name: string): Promise<ExitCode> {
  const { out } = session;
  const file = await session.file();
  const definition = syncOfFile(file, name);
  const [asked, logged, lacks] = await Promise.allSettled([
    askSync(session, definition),
    readRecord(session, file, definition),
    readMissingSegment(session, file, definition),
  ]);
  const reviewed = reviewOf(
    definition,
    {
      live: asked.status === 'fulfilled' ? asked.value : 'unknown',
      record: logged.status === 'fulfilled' ? logged.value : 'unknown',
    },
    Date.now(),
  );
  if (lacks.status === 'fulfilled' && lacks.value !== null) reviewed.warnings.push(lacks.value);
  if (out.json) out.document(reviewJson(reviewed));
  else out.line(reviewText(reviewed, Date.now()));
  for (const warning of reviewed.warnings) out.warn(warning);
  for (const part of [asked, logged]) {
    if (part.status === 'rejected') out.say((await explainError(part.reason)).message ?? '');
  }
  return exitCodes.fine;
}

/** Null if there is no open workflow of the sync. */
async function askSync(session: Session, { workspace, sync }: SyncDefinition): Promise<SyncStatus | null> {
  const temporal = await session.temporal();
  const { SyncHandle, SyncNotRunning } = await import('./sync-workflow.js');
  try {
    return await new SyncHandle(temporal, workspace, sync).status();
  } catch (error) {
    if (error instanceof SyncNotRunning) return null;
    throw error;
  }
}

/** Why a worker would refuse the sync's segment; null if it wouldn't. */
async function readMissingSegment(
  session: Session,
  file: WorkspaceFile,
  definition: SyncDefinition,
): Promise<string | null> {
  const segment = segmentOf(definition);
  if (segment === undefined || segment.create) return null;
  const others = [...file.syncs.values()].map(segmentOf);
  if (others.some((other) => other?.name === segment.name && other.create)) return null;
  const store = await session.store();
  const found = await reading(file, () => listSegments(store, definition.workspace, 0));
  return found.some((there) => there.segment === segment.name)
    ? null
    : missingSegment(
        segment.name,
        found.map((there) => there.segment),
      );
}

/** Null if the store has never heard of the sync. */
async function readRecord(
  session: Session,
  file: WorkspaceFile,
  { workspace, sync }: SyncDefinition,
): Promise<SyncRecord | null> {
  const store = await session.store();
  try {
    const records = await reading(file, () => listSyncs(store, workspace));
    return records.find((record) => record.sync === sync) ?? null;
  } catch (error) {
    if (error instanceof StoreNotPrepared) return null;
    throw error;
  }
}
