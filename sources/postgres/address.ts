import type { PostgresConnection } from '../../config/workspace-file.js';
import { SourceError } from '../source-error.js';

type SslMode = NonNullable<PostgresConnection['ssl']>;

/** Where a database is and how to speak to it. The password is a function so that printing an address shows none. */
export interface Address {
  /** The database's name in inlet.yaml. */
  name: string;
  /** A host name, an IP address, or the folder of a Unix socket. */
  host: string;
  port: number;
  user: string;
  password: () => string;
  database: string;
  applicationName: string;
  /** Startup options (`-c search_path=crm`) where the URL asks for them; a pooler may refuse them. */
  options: string | undefined;
  connectTimeoutMs: number;
  ssl: SslMode;
  /** A file with the certificates of trusted authorities, or `system`. */
  rootCert: string | undefined;
  /** Whether the server must prove, by its certificate, that it knows the password. */
  channelBinding: boolean;
  /** Files with a certificate and key of our own. */
  clientCert: string | undefined;
  clientKey: string | undefined;
}

const sslModes: readonly SslMode[] = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];

/** Parameters of libpq that change nothing here: Inlet settles them itself, or has no such thing. */
const withoutEffect = new Set([
  'client_encoding',
  'fallback_application_name',
  'gssencmode',
  'keepalives',
  'keepalives_count',
  'keepalives_idle',
  'keepalives_interval',
  'pgbouncer',
  'tcp_user_timeout',
  'uselibpqcompat',
]);

/**
 * Reads a connection's URL: libpq's names for its parts and parameters, and nothing from PG… environment variables
 * (docs/postgres.md).
 *
 * @param usualPort where the URL names none
 * @throws SourceError that says what is wrong with it, and repeats nothing of it but names of parameters
 */
export function readAddress(connection: Omit<PostgresConnection, 'type'>, usualPort = 5432): Address {
  const refuse = (problem: string): never => {
    throw new SourceError({
      message: `The URL of database "${connection.name}" ${problem}`,
      phase: 'connect',
      retryable: false,
    });
  };
  const url = takeApart(connection.url) ?? refuse('is not a valid postgres:// URL.');
  const { parameters } = url;
  const take = (key: string, otherwise: string): string => {
    const value = parameters.get(key) ?? otherwise;
    parameters.delete(key);
    return value;
  };
  const optional = (key: string): string | undefined => take(key, '') || undefined;

  const host = take('host', url.host) || 'localhost';
  const port = Number(take('port', url.port) || usualPort);
  const user = take('user', url.user) || refuse('names no user: postgres://user@host/database.');
  const password = take('password', url.password);
  const database = take('dbname', url.database) || user;
  if (host.includes(',')) refuse('names several hosts; name one.');
  if (!Number.isInteger(port) || port < 1 || port > 65_535) refuse('has a port that is none.');

  const seconds = Number(take('connect_timeout', '10'));
  if (!Number.isFinite(seconds)) refuse('has a connect_timeout that is no number of seconds.');
  const rootCertInUrl = optional('sslrootcert');
  const modeInUrl = urlSslMode(take('sslmode', ''), take('ssl', ''));
  if (modeInUrl === 'unknown') refuse(`has an sslmode that is none of ${sslModes.join(', ')}.`);
  const fallback = isLocal(host) ? 'prefer' : 'verify-full';

  const address: Address = {
    name: connection.name,
    host,
    port,
    user,
    password: () => password,
    database,
    applicationName: take('application_name', 'inlet'),
    options: optional('options'),
    connectTimeoutMs: seconds > 0 ? Math.max(seconds, 2) * 1000 : 10_000,
    ssl: connection.ssl ?? (modeInUrl === 'unknown' ? undefined : modeInUrl) ?? fallback,
    rootCert: connection.sslRootCert ?? rootCertInUrl,
    channelBinding: take('channel_binding', '') === 'require',
    clientCert: optional('sslcert'),
    clientKey: optional('sslkey'),
  };
  const unknown = [...parameters.keys()].find((key) => !withoutEffect.has(key));
  if (unknown !== undefined)
    refuse(`has the parameter "${unknown}", which Inlet does not know: take it out.`);
  return address;
}

export function isSocketFolder(host: string): boolean {
  return host.startsWith('/');
}

/** Whether what is said to a host never leaves this machine. */
export function isLocal(host: string): boolean {
  return isSocketFolder(host) || host === 'localhost' || host === '::1' || /^127(?:\.\d+){3}$/.test(host);
}

/** How a message names an address. */
export function placeOf({ host, port }: Address): string {
  if (isSocketFolder(host)) return `${host}/.s.PGSQL.${port}`;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function urlSslMode(mode: string, ssl: string): SslMode | 'unknown' | undefined {
  if (mode === '') return ssl === 'true' || ssl === '1' ? 'require' : undefined;
  return sslModes.find((known) => known === mode) ?? 'unknown';
}

interface UrlParts {
  user: string;
  password: string;
  host: string;
  port: string;
  database: string;
  parameters: Map<string, string>;
}

/** A host of `%2Frun%2Fpostgresql`, or none beside a `host` parameter, is a Unix socket's folder. */
function takeApart(text: string): UrlParts | undefined {
  const parts = /^postgres(?:ql)?:\/\/(?:([^/?#]*)@)?([^/?#@]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/i.exec(text);
  const hostAndPort = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(parts?.[2] ?? '');
  if (parts === null || hostAndPort === null) return undefined;
  const [user = '', ...password] = (parts[1] ?? '').split(':');
  try {
    return {
      user: decodeURIComponent(user),
      password: decodeURIComponent(password.join(':')),
      host: decodeURIComponent(hostAndPort[1] ?? '').replaceAll(/^\[|\]$/g, ''),
      port: hostAndPort[2] ?? '',
      database: decodeURIComponent(parts[3] ?? ''),
      parameters: new Map(
        (parts[4] ?? '')
          .split('&')
          .filter((pair) => pair !== '')
          .map((pair) => {
            const [key = '', ...value] = pair.split('=').map(decodeURIComponent);
            return [key, value.join('=')];
          }),
      ),
    };
  } catch {
    return undefined;
  }
}
