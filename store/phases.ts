import type { ImportRecord } from './records.js';

/** The phases of an import in their order: it waits for the workspace, then its rows are staged, planned and applied. */
export const phaseNames = ['wait', 'stage', 'plan', 'apply', 'close'] as const;

export type PhaseName = (typeof phaseNames)[number];

/** The times of an import by which its phases are told apart. */
export type ImportTimes = Pick<
  ImportRecord,
  'status' | 'dueAt' | 'openedAt' | 'stagedAt' | 'plannedAt' | 'appliedAt' | 'endedAt'
>;

/** The phases that have ended, in their order, with milliseconds; the last one may have ended with its import. */
export function phaseDurations(times: ImportTimes): [name: PhaseName, milliseconds: number][] {
  const marks = [
    ['wait', times.dueAt, times.openedAt],
    ['stage', times.openedAt, times.stagedAt],
    ['plan', times.stagedAt, times.plannedAt],
    ['apply', times.plannedAt, times.appliedAt],
    ['close', times.appliedAt, times.endedAt],
  ] as const;
  const brokeOff = marks.find(([, from, to]) => from !== null && to === null);
  return marks.flatMap(([name, from, reached]) => {
    const to = name === brokeOff?.[0] && isUnfinished(times) ? times.endedAt : reached;
    return from === null || to === null ? [] : [[name, Math.max(0, to.getTime() - from.getTime())]];
  });
}

const isUnfinished = ({ status }: ImportTimes) => status === 'Failed' || status === 'Canceled';
