const frame = /^\s+at (?:.+ \()?(?:\S+:\d+:\d+|<anonymous>|native)\)?$/;

/**
 * Of which class an error nobody foresaw is, and where in the code it was thrown. Its message is left out: what a driver or a
 * parser says can quote what it was given, and that may be a row or a password.
 */
export function whereThrown(error: unknown): string {
  if (!(error instanceof Error)) return `a ${typeof error} was thrown`;
  const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
  const lines = (error.stack ?? '').split('\n');
  const first = lines.findLastIndex((line) => !frame.test(line)) + 1;
  return [`${error.name}${code}`, ...lines.slice(first)].join('\n');
}
