import { isDeepStrictEqual } from 'node:util';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { Command } from 'commander';
import { segmentOf, type SyncDefinition, type WorkspaceSettings } from '../config/sync-definition.js';
import type { WorkspaceFile } from '../config/workspace-file.js';
import type { Defined, SyncStatus } from '../workflows/messages.js';
import { examples, type Run } from './argument.js';
import { exitCodes, type ExitCode } from './exit.js';
import { explainError } from './explain-error.js';
import type { Json } from './json.js';
import { syncOfFile } from './known-sync.js';
import { askSyncs } from './live-syncs.js';
import type { Output } from './output.js';
import type { Session } from './session.js';
import { sharedTimes } from './shared-times.js';
import { activityText } from './status-report.js';
import { NoWorkerAnswered, SyncHandle, SyncNotRunning } from './sync-workflow.js';
import { pairsText } from './table.js';
import { shortened } from './visible-text.js';

interface Applied {
  sync: string;
  outcome: 'created' | 'updated' | 'unchanged' | 'refused' | 'failed' | 'unanswered' | 'not sent';
  defined?: Defined;
  /** As the sync says after the change; absent if it could not be asked. */
  status?: SyncStatus;
  /** Why it is not in force. */
  reason?: string;
}

export function addApply(program: Command, run: Run): void {
  const command = program
    .command('apply')
    .argument('[sync...]', 'syncs of the file; all of them unless named')
    .description('Start syncs, or update those that run, as the file says. A worker checks each one first.')
    .action((names: string[]) => run((session) => apply(session, names)));
  examples(command, 'inlet apply', 'inlet apply customers');
}

async function apply(session: Session, names: string[]): Promise<ExitCode> {
  const { out } = session;
  const file = await session.file();
  const definitions = select(file, names);
  const temporal = await session.temporal();

  const results: Applied[] = [];
  for (const definition of definitions) {
    // Without a worker every sync would take its four seconds to say the same.
    const nobody = results.some(({ outcome }) => outcome === 'unanswered');
    const result: Applied = nobody
      ? {
          sync: definition.sync,
          outcome: 'not sent',
          reason: 'It was not sent, for no worker answered before.',
        }
      : await applySync(
          new SyncHandle(temporal, definition.workspace, definition.sync),
          definition,
          file.settings,
        );
    results.push(result);
    if (!out.json) show(out, result);
  }

  const applied = definitions.filter((_, index) => results[index]?.reason === undefined);
  const syncs = [...file.syncs.values()];
  const others = syncs.filter((each) => !definitions.includes(each)).map(({ sync }) => sync);
  const live = await askSyncs(session, file.settings.name, applied.length === 0 ? [] : others);
  // One that can't be asked counts as running: a warning too many does no harm.
  const runs = (each: SyncDefinition) => !definitions.includes(each) && live.of(each.sync) !== 'ended';
  const warnings = sharedTimes(
    syncs.filter((each) => applied.includes(each) || runs(each)),
    applied,
  );
  for (const warning of warnings) out.warn(warning);
  if (out.json) out.document({ workspace: file.settings.name, syncs: results.map(appliedJson), warnings });
  return results.every(({ reason }) => reason === undefined) ? exitCodes.fine : exitCodes.failed;
}

function select(file: WorkspaceFile, names: string[]): SyncDefinition[] {
  const selected =
    names.length === 0 ? [...file.syncs.values()] : [...new Set(names)].map((name) => syncOfFile(file, name));
  // A segment that one of them makes is there, then, for those that don't.
  return selected.toSorted((one, other) => Number(needsSegment(one)) - Number(needsSegment(other)));
}

const needsSegment = (definition: SyncDefinition) => segmentOf(definition)?.create === false;

/** Starts or updates one sync; what goes wrong is in the result, as a sentence. */
export async function applySync(
  handle: SyncHandle,
  definition: SyncDefinition,
  settings: WorkspaceSettings,
): Promise<Applied> {
  const { sync } = definition;
  try {
    const before = await statusIfRunning(handle);
    const defined = await handle.define({ definition, settings });
    const status = await handle.status().catch(() => undefined);
    const same = before !== undefined && isDeepStrictEqual(asSent(before.definition), asSent(definition));
    const outcome = same ? 'unchanged' : defined.created || before === undefined ? 'created' : 'updated';
    return { sync, outcome, defined, ...(status && { status }) };
  } catch (error) {
    return { sync, outcome: outcomeOf(error), reason: (await explainError(error)).message ?? 'unknown' };
  }
}

function outcomeOf(error: unknown): Applied['outcome'] {
  if (error instanceof NoWorkerAnswered) return 'unanswered';
  return error instanceof WorkflowUpdateFailedError ? 'refused' : 'failed';
}

async function statusIfRunning(handle: SyncHandle): Promise<SyncStatus | undefined> {
  try {
    return await handle.status();
  } catch (error) {
    if (error instanceof SyncNotRunning) return undefined;
    throw error;
  }
}

/** Keys without a value are lost on the way to Temporal. */
const asSent = (definition: SyncDefinition): unknown => JSON.parse(JSON.stringify(definition));

function show(out: Output, { sync, outcome, defined, status, reason }: Applied): void {
  if (reason !== undefined) {
    out.say(`${sync}: ${outcome}: ${reason}`);
    return;
  }
  out.line(`${sync}  ${out.paint(outcome, 'good')}`);
  out.line(
    pairsText([
      ['columns', defined && columnsText(defined.columns)],
      ['relationships', defined?.relationshipColumns && columnsText(defined.relationshipColumns)],
      ['now', status && activityText(status, Date.now())],
    ]),
  );
  for (const warning of defined?.warnings ?? []) out.warn(`${sync}: ${warning}`);
}

function columnsText(columns: Defined['columns']): string {
  const shown = columns
    .slice(0, 12)
    .map(({ name, sourceType }) => `${shortened(name, 60)} ${shortened(sourceType, 40)}`);
  const more = columns.length > shown.length ? `, and ${columns.length - shown.length} more` : '';
  return shown.join(', ') + more;
}

function appliedJson({ sync, outcome, defined, status, reason }: Applied): Json {
  return {
    sync,
    outcome,
    reason: reason ?? null,
    columns: defined === undefined ? null : defined.columns.map((column) => ({ ...column })),
    relationshipColumns: defined?.relationshipColumns?.map((column) => ({ ...column })) ?? null,
    warnings: defined?.warnings ?? [],
    activity: status?.activity ?? null,
    nextRunAt: status?.nextRunAt === undefined ? null : new Date(status.nextRunAt),
    currentImport: status?.currentImport ?? null,
  };
}
