import { TLSSocket } from 'node:tls';
import type { Finding } from '../source.js';
import { isLocal, isSocketFolder, type Address } from './address.js';
import type { Session } from './session.js';

const subject = 'TLS';

/** Whether the connection is encrypted, on both sides of a pooler, and whether the server has proved that it is the one. */
export async function checkTls(session: Session, address: Address): Promise<Finding> {
  return tlsFinding(session, address, await behindPooler(session));
}

/**
 * What can be said of a connection's TLS without asking the server.
 *
 * @param behind a sentence on what lies behind a pooler, with a space before it
 */
export function tlsFinding(session: Session, address: Address, behind = ''): Finding {
  const { stream } = session.connected.client.connection;
  if (!(stream instanceof TLSSocket)) return unencrypted(address);
  const inUse = `${stream.getProtocol() ?? 'TLS'}, ${stream.getCipher().name}`;
  if (address.ssl === 'verify-full') {
    const message = `${inUse}; the server's certificate and host name are verified.${behind}`;
    return { level: 'ok', subject, message };
  }
  if (stream.authorized && address.rootCert !== undefined) {
    const message = `${inUse}; the server's certificate is verified, its host name is not (ssl: ${address.ssl}).${behind}`;
    return { level: 'ok', subject, message };
  }
  const message =
    `${inUse}; the server's certificate is not verified (ssl: ${address.ssl}), so somebody in between could read ` +
    `along. Use verify-full.${behind}`;
  return isLocal(address.host)
    ? { level: 'ok', subject, message: `${inUse}; the connection does not leave this machine.${behind}` }
    : { level: 'warning', subject, message };
}

function unencrypted({ host, ssl }: Address): Finding {
  if (isSocketFolder(host)) return { level: 'ok', subject, message: 'None: a Unix socket needs no TLS.' };
  if (isLocal(host)) {
    return { level: 'ok', subject, message: 'None: the connection does not leave this machine.' };
  }
  const message = `None (ssl: ${ssl}): passwords and rows can be read on their way. Turn it on, and use verify-full.`;
  return { level: 'warning', subject, message };
}

/** The server's own view differs from ours where a pooler is in between. */
async function behindPooler(session: Session): Promise<string> {
  const [server] = await session.query<{ ssl: boolean; remote: boolean }>(
    `SELECT ssl, NOT coalesce(inet_client_addr() <<= '127.0.0.0/8' OR inet_client_addr() = '::1', true) AS remote
       FROM pg_stat_ssl
      WHERE pid = pg_backend_pid()`,
  );
  return server?.ssl === false && server.remote ? ' From the pooler to the server there is none.' : '';
}
