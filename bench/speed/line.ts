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
  const { length } = points;
  if (length < 3) return null;
  const mean = (of: (point: { rows: number; seconds: number }) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / length;
  const [x, y] = [mean(({ rows }) => rows), mean(({ seconds }) => seconds)];
  const b = mean(({ rows, seconds }) => (rows - x) * (seconds - y)) / mean(({ rows }) => (rows - x) ** 2);
  const a = y - b * x;
  const residuals = points.map(({ rows, seconds }) => Math.abs(seconds - (a + b * rows)) / (a + b * rows));
  return { a, bMillion: b * 1e6, worstResidual: Math.max(...residuals) };
}
