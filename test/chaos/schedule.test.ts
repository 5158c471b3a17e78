import { describe, expect, it } from 'vitest';
import { faults, phasesOf } from '../../chaos/faults.js';
import { longSchedule, shortSchedule } from '../../chaos/schedule.js';
import type { Scenario } from '../../chaos/scenario.js';

const named = (scenarios: Iterable<Scenario>) =>
  [...scenarios].map(({ fault, phase, random }) => `${fault.name} · ${phase} · ${random}`);

const pairs = faults.flatMap((fault) => phasesOf(fault)).length;

function take(count: number, scenarios: Generator<Scenario>): Scenario[] {
  return Array.from({ length: count }, () => scenarios.next()).flatMap((next) =>
    next.done === true ? [] : [next.value],
  );
}

describe('the schedule of faults', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(named(shortSchedule({ seed: 7 }))).toEqual(named(shortSchedule({ seed: 7 })));
    expect(named(shortSchedule({ seed: 7 }))).not.toEqual(named(shortSchedule({ seed: 8 })));
    expect(named(take(50, longSchedule({ seed: 7 })))).toEqual(named(take(50, longSchedule({ seed: 7 }))));
  });

  it('has every fault once in its short form', () => {
    const names = shortSchedule({ seed: 7 }).map(({ fault }) => fault.name);
    expect(names.toSorted()).toEqual(faults.map(({ name }) => name).toSorted());
  });

  it('has every fault at every phase of it before it begins again, in another order', () => {
    const both = take(2 * pairs, longSchedule({ seed: 7 })).map(
      ({ fault, phase }) => `${fault.name} · ${phase}`,
    );
    const [first, second] = [both.slice(0, pairs), both.slice(pairs)];
    expect(new Set(first).size).toBe(pairs);
    expect(second).not.toEqual(first);
    expect(second.toSorted()).toEqual(first.toSorted());
  });

  it('can be narrowed to faults and phases by a part of their names', () => {
    const chosen = shortSchedule({ seed: 7, fault: 'mutex', phase: 'closing' });
    expect(chosen.length).toBeGreaterThan(0);
    for (const { fault, phase } of chosen) {
      expect(fault.name).toContain('mutex');
      expect(phase).toBe('in closing');
    }
  });
});
