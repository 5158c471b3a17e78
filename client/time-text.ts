/** ISO 8601 in UTC, to the second: `2026-11-22T20:40:00Z`. */
export function timeText(time: Date | number): string {
  return new Date(time).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** @param seconds Unix seconds, as `last_sync_time` is counted; 0 is no time but "from the beginning" */
export function secondsText(seconds: number): string {
  return seconds === 0 ? '0' : `${seconds} (${timeText(seconds * 1000)})`;
}

/** A duration in its two largest units: `240 ms`, `3.2 s`, `2 m 5 s`, `1 h 30 m`, `3 d 4 h`. */
export function durationText(milliseconds: number): string {
  const ms = Math.max(0, Math.round(milliseconds));
  if (ms < 1000) return `${ms} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1).replace(/\.0$/, '')} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return twoUnits(minutes, 'm', Math.floor((ms % 60_000) / 1000), 's');
  if (minutes < 24 * 60) return twoUnits(Math.floor(minutes / 60), 'h', minutes % 60, 'm');
  return twoUnits(Math.floor(minutes / 1440), 'd', Math.floor((minutes % 1440) / 60), 'h');
}

function twoUnits(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** A moment and how far away it is: `2026-11-22T20:40:00Z (in 5 m)`. */
export function momentText(time: Date | number, now: number): string {
  const ahead = new Date(time).getTime() - now;
  return `${timeText(time)} (${ahead >= 0 ? `in ${durationText(ahead)}` : `${durationText(-ahead)} ago`})`;
}

/** With a comma between thousands. */
export function countText(count: number): string {
  return count.toLocaleString('en-US');
}
