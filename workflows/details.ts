import type {
  AlertInput,
  ImportInput,
  ImportResult,
  MutexState,
  RelationshipCounts,
  RowCounts,
  SyncStatus,
} from './messages.js';

/*
 * What the Temporal UI shows of a running workflow, as Markdown (tab "User Metadata"). Each run sets it afresh, since
 * what was set before a continue-as-new is lost. A table comes last: the UI shows no text after one.
 */

/** What Temporal's API documents for details and for a summary, in bytes; its server does not enforce them. */
const DETAILS = 20_000;
const SUMMARY = 400;

/** How many of those who wait for a workspace are listed. */
const SHOWN = 10;

/** Cuts a summary line to what the UI takes. */
export const summary = (text: string) => cutTo(SUMMARY, text.replace(/\s+/g, ' '));

export function syncDetails({ definition, ...now }: SyncStatus): string {
  const { name, description, every, anchor } = definition;
  const doing =
    now.currentImport === undefined ? now.activity : `${now.activity} (import ${now.currentImport})`;
  const paused = now.paused && `paused since ${time(now.paused.since)}: ${inline(now.paused.reason)}`;
  const lines = [
    `**${inline(name)}**${description && `: ${inline(description)}`}`,
    '',
    `- ${doing}`,
    ...(paused ? [`- ${paused}`] : []),
    `- every ${every}, from the ${anchor} of the prior import`,
    `- next run: ${now.nextRunAt === undefined ? '-' : time(now.nextRunAt)}`,
    `- last_sync_time: ${now.lastSyncTime}${now.lastSyncTime === 0 ? '' : ` (${time(now.lastSyncTime * 1000)})`}`,
    '',
    '| import | status | ended | rows | added | updated | failed | |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...now.recent.map(importLine),
  ];
  return cutTo(DETAILS, lines.join('\n'));
}

export function importDetails(
  { definition, number, cause, lastSyncTime }: ImportInput,
  now: { phase: string; full: boolean },
): string {
  return cutTo(
    DETAILS,
    [
      `**${inline(definition.name)}, import ${number}**`,
      '',
      `- ${inline(now.phase)}`,
      `- started by ${cause === 'trigger' ? 'a trigger' : 'its schedule'}`,
      `- last_sync_time: ${now.full ? '0, as this import runs in full' : lastSyncTime}`,
    ].join('\n'),
  );
}

/** The end of an import, in a line. */
export function endingLine({ status, reason, counts, relationships }: ImportResult): string {
  const lines = [
    counts && countsLine('rows', counts),
    relationships && countsLine('relationships', relationships),
  ];
  const said = lines.filter((line) => line !== undefined).join('; ');
  return [status, reason, said === '' ? undefined : said].filter((part) => part !== undefined).join(': ');
}

function countsLine(name: string, { rows, ...outcomes }: RowCounts | RelationshipCounts): string {
  const said = Object.entries(outcomes).filter(([, count]) => count > 0);
  const parts = said.map(([outcome, count]) => `${outcome} ${count.toLocaleString('en-US')}`);
  return [`${name} ${rows.toLocaleString('en-US')}`, ...parts].join(', ');
}

export function alertDetails({ workspace, sync, number }: AlertInput, now: string): string {
  return cutTo(
    DETAILS,
    [
      `**Alert ${number} of ${inline(sync)}** (workspace ${inline(workspace)})`,
      '',
      `- ${now}`,
      `- "inlet alerts ${inline(sync)}" shows what it says and how its attempts went`,
    ].join('\n'),
  );
}

export function mutexDetails({ holder, queue }: MutexState): string {
  return cutTo(
    DETAILS,
    [
      holder ? `Held by ${inline(holder)}.` : 'Free.',
      '',
      queue.length === 0 ? 'Nobody waits.' : `Waiting: ${queue.length}`,
      '',
      ...queue.slice(0, SHOWN).map(({ importId }, place) => `${place + 1}. ${inline(importId)}`),
      ...(queue.length > SHOWN ? ['', `… and ${queue.length - SHOWN} more`] : []),
    ].join('\n'),
  );
}

function importLine({ number, status, endedAt, counts, reason }: ImportResult): string {
  const cells = [
    number,
    status,
    time(endedAt),
    counts?.rows ?? '',
    counts?.added ?? '',
    counts?.updated ?? '',
    counts?.failed ?? '',
    cutTo(SUMMARY, inline(reason ?? '')),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** `2026-01-01 10:30:00 UTC`. */
function time(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** Text from outside must not become Markdown of its own, or end a table's row. */
function inline(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\`*_[\]<>|#]/g, '\\$&');
}

function cutTo(bytes: number, text: string): string {
  const encoder = new TextEncoder();
  if (encoder.encode(text).length <= bytes) return text;
  let kept = text.slice(0, bytes);
  while (encoder.encode(kept).length > bytes - 3) kept = kept.slice(0, -Math.ceil(kept.length / 50));
  return `${kept}…`;
}
