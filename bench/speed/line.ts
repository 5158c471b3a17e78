import { slopeOf } from '../support/spread.js';

/** Seconds as a line over the number of rows, by least squares. */
export interface Line {
  /** Seconds that an import of no rows would take. */
  a: number;
  /** Seconds that a million rows add. */
  bMillion: number;
  /** The largest distance of a measured time from the line, as a share of the line's. */
  worstResidual: number;
}

/** @returns null for fewer than three sizes: any two lie on a line */
export function lineThrough(points: readonly { rows: number; seconds: number }[]): Line | null {
  if (points.length < 3) return null;
  const meanOf = (numbers: number[]) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
  const b = slopeOf(points.map(({ rows, seconds }) => [rows, seconds]));
  const a = meanOf(points.map(({ seconds }) => seconds)) - b * meanOf(points.map(({ rows }) => rows));
  const residuals = points.map(({ rows, seconds }) => Math.abs(seconds - (a + b * rows)) / (a + b * rows));
  return { a, bMillion: b * 1e6, worstResidual: Math.max(...residuals) };
}
