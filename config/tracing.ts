import { ConfigError } from './config-error.js';
import { setUnlessSet, type Environment } from './environment.js';

const PROTOCOL = 'http/protobuf';

/**
 * Whether traces are asked for by OpenTelemetry's own variables (docs/monitoring.md): an endpoint turns them on. Its
 * libraries read the rest from the process, so what comes from `.inlet/env` is put there.
 * @throws ConfigError for a protocol or an exporter that Inlet does not have
 */
export function tracesAreOn(environment: Environment): boolean {
  const get = (name: string) => environment.get(name);
  const endpoint = get('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') ?? get('OTEL_EXPORTER_OTLP_ENDPOINT');
  const exporter = get('OTEL_TRACES_EXPORTER') ?? 'otlp';
  if (endpoint === undefined || exporter === 'none' || get('OTEL_SDK_DISABLED')?.toLowerCase() === 'true')
    return false;
  if (exporter !== 'otlp')
    throw refused('OTEL_TRACES_EXPORTER', `"${exporter}" is not there. Use otlp or none.`);
  for (const name of ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL']) {
    const protocol = get(name);
    if (protocol !== undefined && protocol !== PROTOCOL)
      throw refused(name, `Traces are sent by ${PROTOCOL} only, not by "${protocol}".`);
  }
  if (!URL.canParse(endpoint))
    throw refused('OTEL_EXPORTER_OTLP_ENDPOINT', 'This is not a URL such as http://127.0.0.1:4318.');
  for (const [name, value] of Object.entries(environment.toObject()))
    if (name.startsWith('OTEL_') && value !== '') setUnlessSet(name, value);
  return true;
}

const refused = (file: string, message: string) => new ConfigError([{ file, message }]);
