import { SourceError } from '../source-error.js';
import { placeOf, type Address } from './address.js';
import { ChannelBindingRefused } from './channel-binding.js';
import {
  codeMayPass,
  isDatabaseError,
  isLostConnection,
  nodeCodeOf,
  sqlstateOf,
  wordsOf,
} from './failure-kinds.js';
import type { Attempt } from './tls.js';
import { UnknownAuthentication } from './unreadable-answer.js';

/** An attempt to connect, and how it failed. */
export interface FailedAttempt {
  attempt: Attempt;
  error: unknown;
}

/** Whether the server turned this way of connecting down, so that the mode's other way may do: libpq's rule. */
export function mayWorkOtherwise({ attempt, error }: FailedAttempt): boolean {
  const refused = meaningOf(error)?.startsWith('28') === true;
  return attempt.encrypted ? refused || isTlsFailure(error) : refused;
}

/** Says why no attempt worked, by the one that got furthest. A password or URL is in no part of it. */
export function connectError(address: Address, failed: FailedAttempt[]): SourceError {
  const told =
    failed.find(({ attempt, error }) => attempt.encrypted && !isTlsFailure(error)) ??
    failed.find(({ attempt }) => !attempt.encrypted) ??
    failed[0];
  const error = told?.error;
  const sqlstate = sqlstateOf(error);
  const meaning = meaningOf(error);
  return new SourceError({
    message: `Can't connect to database "${address.name}" at ${placeOf(address)}: ${reasonOf(address, error)}`,
    phase: 'connect',
    retryable: meaning === undefined ? networkMayPass(error) : codeMayPass(meaning),
    ...(sqlstate !== undefined && { sqlstate }),
    ...(isDatabaseError(error) && { databaseMessage: wordsOf(error) }),
  });
}

/** PgBouncer gives all its own errors one code, and translates none of them. */
const poolerMeanings: [message: RegExp, sqlstate: string][] = [
  [/^password authentication failed|^no such user/, '28P01'],
  [/^SSL required/, '28000'],
  [/^no such database/, '3D000'],
  [/^unsupported startup parameter/, '0A000'],
];

/** What a server's refusal means, as the code that PostgreSQL itself would give. */
function meaningOf(error: unknown): string | undefined {
  if (!isDatabaseError(error)) return undefined;
  // Redshift's words.
  if (/^connection limit .* exceeded/.test(error.message)) return '53300';
  if (error.code !== '08P01') return error.code;
  return poolerMeanings.find(([message]) => message.test(error.message))?.[1] ?? error.code;
}

const noTls = 'The server does not support SSL connections';
const noTlsAnswer = 'There was an error establishing an SSL connection';

function isTlsFailure(error: unknown): boolean {
  if (!(error instanceof Error) || isDatabaseError(error)) return false;
  if (error.message === noTls) return true;
  return tlsReason(nodeCodeOf(error)) !== undefined;
}

function networkMayPass(error: unknown): boolean {
  return isLostConnection(error) || (error instanceof Error && error.message === noTlsAnswer);
}

function reasonOf(address: Address, error: unknown): string {
  if (isDatabaseError(error)) return databaseReason(address, meaningOf(error), wordsOf(error));
  const code = nodeCodeOf(error);
  const tls = tlsReason(code);
  if (tls !== undefined) return `${tls} (${code ?? ''}). ${tlsAdvice(address)}`;
  return networkReason(address, code, error instanceof Error ? error : new Error('unknown'));
}

function databaseReason({ user, database }: Address, sqlstate: string | undefined, words: string): string {
  const says = `The server says: ${words}`;
  switch (sqlstate) {
    case '28P01':
      return `wrong password for user "${user}", or no such user. ${says}`;
    case '28000':
      if (/role .* does not exist/.test(words)) return `there is no user "${user}". ${says}`;
      return `the server lets user "${user}" not in this way. Ask for an entry in its pg_hba.conf. ${says}`;
    case '0A000':
      return `it does not take the options in the URL. ${says}`;
    case '3D000':
      return `there is no database "${database}". ${says}`;
    case '42501':
      return `user "${user}" may not connect; GRANT CONNECT ON DATABASE. ${says}`;
    case '53300':
      return `it has too many connections already. ${says}`;
    case '57P03':
      return `it is starting, stopping or recovering. ${says}`;
    default:
      return says;
  }
}

function networkReason(address: Address, code: string | undefined, error: Error): string {
  if (error instanceof ChannelBindingRefused) {
    return 'the URL asks for channel_binding=require, and the server does not offer it.';
  }
  if (error instanceof UnknownAuthentication) return authenticationReason(error.code);
  switch (code) {
    case 'ENOTFOUND':
      return `the host name "${address.host}" is unknown. Check the URL.`;
    case 'EAI_AGAIN':
      return `the host name "${address.host}" can't be looked up at this time; the name server does not answer.`;
    case 'ECONNREFUSED':
      return 'connection refused: nothing listens there. Check host and port, and that the server runs.';
    case 'ENOENT':
      return 'there is no such socket. Check the folder and port, and that the server runs.';
    case 'ETIMEDOUT':
      return timedOut(address);
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `there is no way to that host (${code}). Check network and firewall.`;
    case 'ECONNRESET':
    case 'EPIPE':
      return `the connection was cut while it was made (${code}).`;
  }
  if (error.message === 'timeout expired') return timedOut(address);
  if (error.message === noTls) {
    return `the server does not speak TLS, and ssl: ${address.ssl} wants it. Turn TLS on in the server, or choose another mode for ssl.`;
  }
  if (error.message === noTlsAnswer) return 'what answers there does not know how to begin TLS.';
  if (error.message.startsWith('Connection terminated')) return 'the server closed the connection.';
  if (error.message.includes('client password must be')) {
    return 'the server asks for a password, and the URL has none.';
  }
  if (error.message.startsWith('SASL'))
    return 'the password exchange failed; server and client do not agree on it.';
  return code === undefined
    ? 'the connection failed for a reason unknown.'
    : `the connection failed (${code}).`;
}

/** What a server wants that the driver can't do, by the number of its AuthenticationRequest. */
function authenticationReason(code: number): string {
  switch (code) {
    case 13:
      return (
        "it is Amazon Redshift, and wants the user's password as a SHA-256 digest, which the driver does not know. Give " +
        "the user an MD5 password (ALTER USER … PASSWORD 'md5…'), or use a temporary password of " +
        'GetClusterCredentials, or connect by the Data API (docs/redshift.md).'
      );
    case 14:
      return (
        'it is Amazon Redshift, and wants the user to log in at an identity provider, which the driver does not know. Use ' +
        'a user with an MD5 password, or a temporary password of GetClusterCredentials, or connect by the Data API ' +
        '(docs/redshift.md).'
      );
    case 7:
    case 9:
      return 'the server wants Kerberos (GSSAPI or SSPI), which the driver does not know. Use a user with a password.';
    default:
      return `the server wants a kind of authentication, ${code}, which the driver does not know. Use a user with a password.`;
  }
}

function timedOut({ connectTimeoutMs }: Address): string {
  return `no answer within ${connectTimeoutMs / 1000} s. Check host and port, and whether a firewall lets this machine through.`;
}

/** What a code of Node's TLS says of the server's certificate; undefined for one that is not of TLS. */
function tlsReason(code: string | undefined): string | undefined {
  switch (code) {
    case undefined:
      return undefined;
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return "the server's certificate is for another host name";
    case 'CERT_HAS_EXPIRED':
      return "the server's certificate has expired";
    case 'CERT_NOT_YET_VALID':
      return "the server's certificate is not valid yet";
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return "the server's certificate is not signed by an authority that is trusted here";
  }
  if (/^CERT_|_CERT_|^INVALID_CA$|^HOSTNAME_MISMATCH$/.test(code))
    return "the server's certificate was refused";
  return /^ERR_(?:SSL|TLS|OSSL)|^EPROTO$/.test(code) ? 'TLS could not be agreed on' : undefined;
}

function tlsAdvice({ ssl }: Address): string {
  return (
    `ssl is ${ssl}: name the authority's certificate in sslRootCert, and the host as the certificate has it ` +
    '(docs/postgres.md, "TLS").'
  );
}
