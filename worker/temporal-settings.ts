import { loadClientConfigProfile, toClientOptions, type ClientConfigProfile } from '@temporalio/envconfig';
import { ConfigError } from '../config/config-error.js';
import type { Environment } from '../config/environment.js';

type ConnectionOptions = ReturnType<typeof toClientOptions>['connectionOptions'];

/** How to connect to Temporal, for workers and for commands alike. */
export interface TemporalSettings {
  /** As people would write it: `localhost:7233`. */
  address: string;
  namespace: string;
  tls: ConnectionOptions['tls'];
  apiKey: ConnectionOptions['apiKey'];
  metadata: ConnectionOptions['metadata'];
}

/**
 * Address, namespace, TLS and API key as Temporal's own CLI finds them: TEMPORAL_* variables, then the profile of
 * temporal.toml (docs/temporal-cloud.md, https://docs.temporal.io/references/client-environment-configuration).
 *
 * @throws ConfigError for a file that isn't there or has mistakes, a profile that isn't there, half a certificate
 */
export function temporalSettings(environment: Pick<Environment, 'toObject'>): TemporalSettings {
  const variables = Object.entries(environment.toObject()).filter(([, value]) => value !== '');
  const { connectionOptions, namespace } = read(() => {
    const profile = loadClientConfigProfile({ overrideEnvVars: Object.fromEntries(variables) });
    refuseHalfACertificate(profile);
    return toClientOptions(profile);
  });
  return {
    address: connectionOptions.address ?? 'localhost:7233',
    namespace: namespace ?? 'default',
    tls: connectionOptions.tls,
    apiKey: connectionOptions.apiKey,
    metadata: connectionOptions.metadata,
  };
}

function read<T>(load: () => T): T {
  try {
    return load();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError([
      {
        file: 'TEMPORAL_*',
        message: `The settings for Temporal can't be used: ${why}. They come from TEMPORAL_* variables and temporal.toml.`,
      },
    ]);
  }
}

/** The SDK would connect without it, and be refused by the server with less of a reason. */
function refuseHalfACertificate({ tls }: ClientConfigProfile): void {
  if (tls?.clientCert !== undefined && tls.clientKey === undefined)
    throw new Error('there is a client certificate without its key (TEMPORAL_TLS_CLIENT_KEY_PATH)');
  if (tls?.clientKey !== undefined && tls.clientCert === undefined)
    throw new Error(
      'there is a key of a client certificate without the certificate (TEMPORAL_TLS_CLIENT_CERT_PATH)',
    );
}
