/** How a measure is spread. In the unit of what was measured; NaN of nothing. */
export interface Spread {
  count: number;
  p50: number;
  p99: number;
  max: number;
}

export function spreadOf(numbers: readonly number[]): Spread {
  const sorted = numbers.toSorted((a, b) => a - b);
  return {
    count: sorted.length,
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    max: sorted.at(-1) ?? NaN,
  };
}

/** The least number that is not below the given share of all (nearest rank). */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}

/** The middle one, or the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** How much a measure grows for each unit of time, by least squares; NaN of fewer than two points. */
export function slopeOf(points: readonly (readonly [time: number, value: number])[]): number {
  const meanOf = (numbers: number[]) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
  const time = meanOf(points.map(([at]) => at));
  const value = meanOf(points.map(([, one]) => one));
  const across = points.reduce((sum, [at, one]) => sum + (at - time) * (one - value), 0);
  return across / points.reduce((sum, [at]) => sum + (at - time) ** 2, 0);
}
