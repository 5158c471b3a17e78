import { DefaultLogger, Runtime, makeTelemetryFilterString } from '@temporalio/worker';

/** Imported for its effect, before a test's first worker: what tests do to workers is no news. */
Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR' }) } },
});
