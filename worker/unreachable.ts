import { isIP } from 'node:net';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { TemporalSettings } from './temporal-settings.js';

const TRY_MS = 1_000;

/**
 * Says why no connection to Temporal came about. gRPC's libraries say little of TLS, so it is tried once more by hand; that
 * takes a second at most.
 *
 * @param error what the SDK threw
 * @returns a sentence or two, with what to set
 */
export async function unreachable(settings: TemporalSettings, error: unknown): Promise<string> {
  const { address } = settings;
  if (isRefusal(error))
    return `The Temporal server at ${address} does not let us in. Check TEMPORAL_API_KEY, and that TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE are those that the key is for.`;
  const trouble = await tlsTrouble(settings);
  if (trouble !== undefined) return `No connection to the Temporal server at ${address}: ${trouble}`;
  return `No Temporal server answers at ${address}. Set TEMPORAL_ADDRESS to where yours is, or start one with "inlet dev".`;
}

/** The server was reached, and has said no: gRPC's codes 7 and 16, as either of the SDK's libraries words them. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    /unauthenticated|permission_denied|unauthorized|authentication credentials|does not have permission/i.test(
      error.message,
    ) || isRefusal(error.cause)
  );
}

/** What is wrong with TLS between here and there, or with whether it is used at all; undefined if nothing is. */
async function tlsTrouble(settings: TemporalSettings): Promise<string | undefined> {
  const seen = await handshake(settings);
  if (settings.tls === undefined || settings.tls === false)
    return seen === 'fine' || isAlert(seen)
      ? 'it speaks TLS, and we do not. Set TEMPORAL_TLS=true, or the TEMPORAL_TLS_* variables that it needs.'
      : undefined;
  if (seen === 'fine' || seen === 'no answer') return undefined;
  const own = settings.tls === true || settings.tls === null ? {} : settings.tls;
  if (seen === 'closed' || isAlert(seen))
    return own.clientCertPair
      ? 'it does not accept our client certificate. Check TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH.'
      : 'it wants a client certificate. Set TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH.';
  if (seen === 'ERR_SSL_WRONG_VERSION_NUMBER' || seen === 'ERR_SSL_PACKET_LENGTH_TOO_LONG')
    return 'it does not speak TLS. Unset the TEMPORAL_TLS_* variables, or set TEMPORAL_TLS=false.';
  if (seen === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `its certificate is for another name than "${nameOf(settings)}". Set TEMPORAL_TLS_SERVER_NAME to a name that is in it.${always}`;
  if (seen === 'CERT_HAS_EXPIRED') return 'its certificate has expired.';
  if (untrusted.includes(seen))
    return own.serverRootCACertificate === undefined
      ? `nobody whom this machine trusts vouches for its certificate. Set TEMPORAL_TLS_SERVER_CA_CERT_PATH to the certificate of who does.${always}`
      : `its certificate is not from the authority in TEMPORAL_TLS_SERVER_CA_CERT_PATH.${always}`;
  if (seen === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH')
    return 'the client certificate and its key do not belong together. Check TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH.';
  if (seen.startsWith('ERR_OSSL_'))
    return `a certificate or key of TEMPORAL_TLS_* is not PEM, or can't be used (${seen}).`;
  return undefined;
}

/** The SDK has no way not to. */
const always =
  ' Certificates are always verified here: TEMPORAL_TLS_DISABLE_HOST_VERIFICATION has no effect.';

const untrusted = [
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
];

/** TLS's own word for "I end this": a certificate is missing, or is not liked. */
const isAlert = (code: string) => /^ERR_SSL_.*ALERT/.test(code);

/**
 * Greets as gRPC does.
 * @returns `fine` if the server greets back, `closed` if it hangs up instead, `no answer`, or the code of what is wrong
 */
async function handshake(settings: TemporalSettings): Promise<string> {
  return await new Promise((resolve) => {
    let socket: TLSSocket;
    try {
      socket = connect({ ...placeOf(settings), ...certificatesOf(settings), ALPNProtocols: ['h2'] });
    } catch (error) {
      resolve(codeOf(error));
      return;
    }
    const answer = (seen: string) => {
      socket.destroy();
      resolve(seen);
    };
    socket.setTimeout(TRY_MS, () => answer('no answer'));
    // With TLS 1.3 a server complains of our certificate only after the handshake; with HTTP/2 it speaks first.
    socket.once('data', () => answer('fine'));
    socket.once('error', (error) => answer(codeOf(error)));
    socket.once('close', () => answer('closed'));
  });
}

function certificatesOf({ tls }: TemporalSettings): ConnectionOptions {
  if (tls === undefined || tls === null || tls === false) return { rejectUnauthorized: false };
  if (tls === true) return {};
  return {
    ...(tls.serverRootCACertificate && { ca: Buffer.from(tls.serverRootCACertificate) }),
    ...(tls.clientCertPair && {
      cert: Buffer.from(tls.clientCertPair.crt),
      key: Buffer.from(tls.clientCertPair.key),
    }),
  };
}

function placeOf(settings: TemporalSettings): ConnectionOptions {
  const { hostname, port } = urlOf(settings);
  const name = nameOf(settings);
  const host = bare(hostname);
  return { host, port: port === '' ? 7233 : Number(port), ...(isIP(name) === 0 && { servername: name }) };
}

function nameOf(settings: TemporalSettings): string {
  const { tls } = settings;
  const override = typeof tls === 'object' && tls !== null ? tls.serverNameOverride : undefined;
  return override ?? bare(urlOf(settings).hostname);
}

const urlOf = ({ address }: TemporalSettings) =>
  new URL(URL.canParse(`tcp://${address}`) ? `tcp://${address}` : 'tcp://localhost');
const bare = (hostname: string) => hostname.replace(/^\[|\]$/g, '');

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}
