import { Presets, SingleBar } from 'cli-progress';
import type { ImportRecord } from '../store/records.js';
import { progressText } from './import-report.js';
import type { Output } from './output.js';
import { countText } from './time-text.js';

/** Shows how far an import is. */
export interface Progress {
  show(record: ImportRecord): void;
  /** Leaves the line, so that something else can be printed. */
  stop(): void;
}

/** A bar where stdout is a terminal, else a line on stderr now and then. */
export function createProgress(out: Output): Progress {
  return out.live ? bar() : lines(out);
}

function bar(): Progress {
  let shown: SingleBar | undefined;
  return {
    show(record) {
      const applying = record.plannedAt !== null;
      // Until everything is read, nobody knows how much it will be.
      const total = applying ? Math.max(1, record.rowsStaged) : 1;
      const value = applying ? record.rowsApplied : 0;
      const payload = { import: `${record.sync} #${record.number}`, doing: progressText(record) };
      if (shown === undefined) {
        shown = new SingleBar(
          {
            format: '{import} [{bar}] {percentage}% {doing}',
            hideCursor: null,
            linewrap: null,
            clearOnComplete: true,
          },
          Presets.legacy,
        );
        shown.start(total, value, payload);
        return;
      }
      shown.setTotal(total);
      shown.update(value, payload);
    },
    stop() {
      shown?.stop();
      shown = undefined;
    },
  };
}

const betweenLinesMs = 10_000;

function lines(out: Output): Progress {
  let phase = '';
  let saidAt = 0;
  return {
    show(record) {
      const now = Date.now();
      const current = phaseOf(record);
      if (current === phase && now - saidAt < betweenLinesMs) return;
      phase = current;
      saidAt = now;
      out.say(`${record.sync} #${record.number}: ${progressText(record)}`);
    },
    stop() {
      phase = '';
    },
  };
}

function phaseOf({ number, stagedAt, plannedAt, appliedAt }: ImportRecord): string {
  const marks = [stagedAt, plannedAt, appliedAt].filter((mark) => mark !== null);
  return `${countText(number)}/${marks.length}`;
}
