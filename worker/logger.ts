import {
  makeTelemetryFilterString,
  Runtime,
  type Logger,
  type LogLevel,
  type LogMetadata,
  type MetricsExporterConfig,
} from '@temporalio/worker';
import pino from 'pino';
import { fieldsOf } from './log-fields.js';

/** Writes JSON lines to stderr; stdout is for data. */
export function createLogger(level: pino.LevelWithSilent): pino.Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2));
}

const levels: Record<LogLevel, pino.Level> = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
};

/** Fields of the SDK's lines that help to find an import; others are noise or are long. */
const kept = [
  'workflowId',
  'workflowType',
  'activityType',
  'attempt',
  'taskQueue',
  'error',
  'stack',
  'durationMs',
];

/** The SDK's warnings about what is meant: each of our workers polls for either workflows or activities. */
const asMeant = /not polling for|^Worker state changed/;

/**
 * Makes the SDK write its lines where ours go. Once a process, before anything else of the SDK is used.
 * @param metrics where its native part is to serve its metrics; nowhere unless given
 */
export function installRuntime(logger: pino.Logger, metrics?: MetricsExporterConfig): void {
  const write = (level: LogLevel, message: string, metadata: LogMetadata = {}) => {
    if (asMeant.test(message)) return;
    const fields = Object.fromEntries(
      Object.entries(metadata)
        .filter(([key]) => kept.includes(key))
        .map(([key, value]) => [key, value instanceof Error ? `${value.name}: ${value.message}` : value]),
    );
    const whose = fieldsOf(metadata['workflowId'], metadata['activityType']);
    logger[levels[level]]({ ...whose, ...fields }, message);
  };
  const sdkLogger: Logger = {
    log: write,
    trace: (message, metadata) => write('TRACE', message, metadata),
    debug: (message, metadata) => write('DEBUG', message, metadata),
    info: (message, metadata) => write('INFO', message, metadata),
    warn: (message, metadata) => write('WARN', message, metadata),
    error: (message, metadata) => write('ERROR', message, metadata),
  };
  Runtime.install({
    logger: sdkLogger,
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }), forward: {} },
      ...(metrics !== undefined && { metrics }),
    },
  });
}
