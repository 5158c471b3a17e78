import type pino from 'pino';
import type { ImportEvents } from '../activities/import-events.js';
import { phaseDurations } from '../store/phases.js';
import type { ImportRef } from '../store/records.js';

const rounded = (seconds: number): number => Math.round(seconds * 1000) / 1000;

/** Writes what becomes of imports: a line when one opens, when a phase ends, and when it has ended. */
export function logImports(logger: pino.Logger): ImportEvents {
  const of = ({ workspace, sync, number }: ImportRef, phase: string) =>
    logger.child({ workspace, sync, import: number, phase });
  return {
    opened(ref, { cause, full, waitedSeconds }) {
      of(ref, 'wait').info({ cause, full, seconds: rounded(waitedSeconds) }, 'import opened');
    },
    staged(ref, { rows, relationships, bytes, seconds }) {
      const fields = { rows, ...(relationships !== null && { relationships }), bytes };
      of(ref, 'stage').info({ ...fields, seconds: rounded(seconds) }, 'rows staged');
    },
    planned(ref, { chunks, seconds }) {
      of(ref, 'plan').info({ chunks, seconds: rounded(seconds) }, 'chunks planned');
    },
    chunkApplied(ref, { query, chunk, rows, counts }) {
      of(ref, 'apply').debug({ query, chunk, rows, failed: counts.failed }, 'chunk applied');
    },
    laneEnded(ref, { chunks, rows, seconds }) {
      of(ref, 'apply').info({ chunks, rows, seconds: rounded(seconds) }, 'one lane has applied its chunks');
    },
    ended(ended) {
      const { status, reason, counts, relationships } = ended;
      const seconds = Object.fromEntries(
        phaseDurations(ended).map(([phase, milliseconds]) => [phase, milliseconds / 1000]),
      );
      const failed = status === 'Failed' || status === 'Some Rows Failed';
      of(ended, 'close')[failed ? 'warn' : 'info'](
        {
          status,
          ...(reason !== null && { reason }),
          counts,
          ...(relationships !== null && { relationships }),
          seconds,
        },
        'import ended',
      );
    },
    // The SDK writes a line of its own for each.
    attemptFailed: () => undefined,
  };
}
