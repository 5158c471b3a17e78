import { z } from 'zod';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** Days, hours, minutes and seconds, each at most once and in that order. */
const durationPattern = '^(?=\\d)(?:(\\d{1,9})d)?(?:(\\d{1,9})h)?(?:(\\d{1,9})m)?(?:(\\d{1,9})s)?$';

/**
 * @param text such as `90s`, `6h`, `2d` or `1h30m`
 * @returns milliseconds, or undefined if it is no duration
 */
function parseDuration(text: string): number | undefined {
  const match = new RegExp(durationPattern).exec(text);
  if (match === null) return undefined;
  const [days, hours, minutes, seconds] = match
    .slice(1)
    .map((digits: string | undefined) => Number(digits ?? 0));
  return (days ?? 0) * day + (hours ?? 0) * hour + (minutes ?? 0) * minute + (seconds ?? 0) * second;
}

export interface Duration {
  /** As it was written. */
  text: string;
  ms: number;
}

/** The schema of a duration from `least` to `most`. Its messages go on after the key: `every must be at least 1m`. */
export function durationBetween(least: string, most: string) {
  return z
    .string({
      error: ({ input }) =>
        typeof input === 'number'
          ? `has no unit; write "${input}s", "${input}m", "${input}h" or "${input}d"`
          : undefined,
    })
    .meta({ pattern: durationPattern })
    .transform((text, context): Duration => {
      const ms = parseDuration(text);
      if (ms === undefined) {
        const message =
          'must be a duration of days, hours, minutes and seconds, such as 90s, 15m, 6h, 2d or 1h30m';
        context.addIssue({ code: 'custom', message });
        return z.NEVER;
      }
      if (ms < (parseDuration(least) ?? 0)) {
        context.addIssue({ code: 'custom', message: `must be at least ${least}` });
      } else if (ms > (parseDuration(most) ?? Infinity)) {
        context.addIssue({ code: 'custom', message: `must be at most ${most}` });
      }
      return { text, ms };
    });
}
