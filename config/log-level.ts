import { ConfigError } from './config-error.js';
import type { Environment } from './environment.js';

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

export type LogLevel = (typeof levels)[number];

/**
 * How much a worker's log says, by `INLET_LOG_LEVEL`; `info` unless it is set.
 * @throws ConfigError for any other word
 */
export function logLevel(environment: Environment): LogLevel {
  const asked = environment.get('INLET_LOG_LEVEL') ?? 'info';
  const level = levels.find((each) => each === asked);
  if (level === undefined)
    throw new ConfigError([
      {
        file: 'INLET_LOG_LEVEL',
        message: `"${asked.slice(0, 100)}" is no level of the log. Use one of ${levels.join(', ')}.`,
      },
    ]);
  return level;
}
