import fc from 'fast-check';
import { faults, phasesOf } from './faults.js';
import type { Scenario } from './scenario.js';

/** What is to be broken, and when; one seed always gives the same, in the same order. */
export interface ScheduleOptions {
  seed: number;
  /** Only faults and phases whose name contains this. */
  fault?: string;
  phase?: string;
}

/** Every fault at every phase where it makes sense. */
function everything({ fault = '', phase = '' }: ScheduleOptions): Omit<Scenario, 'random'>[] {
  return faults
    .filter(({ name }) => name.includes(fault))
    .flatMap((one) =>
      phasesOf(one)
        .filter((name) => name.includes(phase))
        .map((at) => ({ fault: one, phase: at })),
    );
}

/** Each fault once, at a phase that the seed chooses. */
export function shortSchedule(options: ScheduleOptions): Scenario[] {
  const all = shuffled(everything(options), options.seed);
  return all.filter(({ fault }, at) => all.findIndex((other) => other.fault === fault) === at);
}

/** All of them in an order that the seed chooses, and again in others, without end. */
export function* longSchedule(options: ScheduleOptions): Generator<Scenario> {
  const all = everything(options);
  for (let pass = 0; all.length > 0; pass += 1) yield* shuffled(all, options.seed + pass);
}

function shuffled(scenarios: Omit<Scenario, 'random'>[], seed: number): Scenario[] {
  const size = scenarios.length;
  const order = fc.shuffledSubarray(scenarios, { minLength: size, maxLength: size });
  const numbers = fc.array(fc.noBias(fc.integer({ min: 0, max: 999 })), { minLength: size, maxLength: size });
  const [drawn] = fc.sample(fc.tuple(order, numbers), { seed, numRuns: 1 });
  if (drawn === undefined) return [];
  const [ordered, randoms] = drawn;
  return ordered.map((scenario, at) => ({ ...scenario, random: (randoms[at] ?? 0) / 1000 }));
}
