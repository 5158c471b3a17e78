import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Output } from '../../client/output.js';
import { createProgress } from '../../client/progress.js';
import { importRecord } from './records.js';
import { recordingSink } from './recording-sink.js';

const reading = importRecord({
  status: 'Running',
  stagedAt: null,
  plannedAt: null,
  appliedAt: null,
  rowsStaged: 5,
});
const applying = importRecord({ status: 'Running', appliedAt: null, rowsStaged: 9, rowsApplied: 4 });

describe('progress where there is no terminal', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is a line on stderr for each phase, and one now and then', () => {
    const [stdout, stderr] = [recordingSink(), recordingSink()];
    const progress = createProgress(new Output(stdout, stderr, { json: false, colour: true }));
    progress.show(reading);
    progress.show({ ...reading, rowsStaged: 6 });
    vi.advanceTimersByTime(10_000);
    progress.show({ ...reading, rowsStaged: 7 });
    progress.show(applying);
    progress.stop();
    expect(stderr.text).toBe(
      'customers #12: reading, 5 rows so far\n' +
        'customers #12: reading, 7 rows so far\n' +
        'customers #12: applying, 4 of 9 rows\n',
    );
    expect(stdout.text).toBe('');
  });
});
