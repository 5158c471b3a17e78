const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** Days, hours, minutes and seconds, each at most once and in that order; also used in the JSON schema. */
export const durationPattern = '^(?=\\d)(?:(\\d{1,9})d)?(?:(\\d{1,9})h)?(?:(\\d{1,9})m)?(?:(\\d{1,9})s)?$';

/**
 * @param text such as `90s`, `6h`, `2d` or `1h30m`
 * @returns milliseconds, or undefined if it is no duration
 */
export function parseDuration(text: string): number | undefined {
  const match = new RegExp(durationPattern).exec(text);
  if (match === null) return undefined;
  const [days, hours, minutes, seconds] = match
    .slice(1)
    .map((digits: string | undefined) => Number(digits ?? 0));
  return (days ?? 0) * day + (hours ?? 0) * hour + (minutes ?? 0) * minute + (seconds ?? 0) * second;
}
