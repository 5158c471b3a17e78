import { markdownTable, terminalTable } from '../bench/support/tables.js';
import { faults } from './faults.js';
import { phaseNames } from './phases.js';
import type { Outcome, Scenario } from './scenario.js';

/** What became of one scenario; an error if the phase was not reached, the fault did not fire or nothing came through. */
export type Played = Scenario & { round: number } & ({ outcome: Outcome } | { error: string });

interface Line {
  fault: string;
  phase: string;
  fired: number;
  retried: number;
  lost: number;
  twice: number;
  miscounted: number;
  wrong: number;
  recoverySeconds: number;
}

/** One line for each fault and phase, in the order of the program, and one for all. */
function linesOf(played: Played[]): Line[] {
  const place = ({ fault, phase }: Scenario) =>
    faults.indexOf(fault) * phaseNames.length + phaseNames.indexOf(phase);
  const places = [...new Set(played.map(place))].toSorted((a, b) => a - b);
  const lines = places.map((at) => {
    const group = played.filter((one) => place(one) === at);
    return lineOf(group[0]?.fault.name ?? '', group[0]?.phase ?? '', group);
  });
  return [...lines, lineOf('all', '', played)];
}

function lineOf(fault: string, phase: string, played: Played[]): Line {
  const outcomes = played.flatMap((one) => ('outcome' in one ? [one.outcome] : []));
  const sum = (count: (outcome: Outcome) => number) => outcomes.reduce((all, one) => all + count(one), 0);
  return {
    fault,
    phase,
    fired: outcomes.length,
    retried: sum(({ retried }) => retried),
    lost: sum(({ lost }) => lost),
    twice: sum(({ appliedTwice }) => appliedTwice),
    miscounted: sum(({ miscounted }) => miscounted.length),
    wrong: sum(({ wrong }) => wrong.length) + played.length - outcomes.length,
    recoverySeconds: Math.max(0, ...outcomes.map(({ recoverySeconds }) => recoverySeconds)),
  };
}

const head = [
  'fault',
  'phase',
  'fired',
  'imports\nretried',
  'rows\nlost',
  'applied\ntwice',
  "counts that\ndon't add up",
  'otherwise\nwrong',
  'seconds to\nrecover, at most',
];

const cellsOf = ({ fault, phase, recoverySeconds, ...counts }: Line): string[] => [
  fault,
  phase,
  ...[counts.fired, counts.retried, counts.lost, counts.twice, counts.miscounted, counts.wrong].map(String),
  recoverySeconds.toFixed(1),
];

export const tableOf = (played: Played[]): string => terminalTable(head, linesOf(played).map(cellsOf));

/** For docs/reliability.md. */
export const markdownOf = (played: Played[]): string =>
  markdownTable(
    head.map((cell) => cell.replaceAll('\n', ' ')),
    linesOf(played).map(cellsOf),
  );

/** Everything that contradicts the claim, a sentence each, with what takes the same fault again. */
export function violationsOf(one: Played): string[] {
  const where = `round ${one.round}, ${one.fault.name}, ${one.phase}`;
  if ('error' in one) return [`${where}: ${one.error}`];
  const { lost, appliedTwice, miscounted, wrong } = one.outcome;
  return [
    ...(lost > 0 ? [`${lost} rows are not as they are without a fault`] : []),
    ...(appliedTwice > 0 ? [`${appliedTwice} rows were applied twice`] : []),
    ...miscounted,
    ...wrong,
  ].map((sentence) => `${where}: ${sentence}`);
}
