import { once } from 'node:events';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { isSocketFolder, type Address } from './address.js';
import type { Connected } from './connect.js';

const sslRequestCode = 80_877_103;
const cancelRequestCode = 80_877_102;
const waitMs = 10_000;

/**
 * Asks the server, by a second connection, to stop what a connection runs: a server that is busy does not notice that
 * its client is gone. Through PgBouncer too. Best effort; returns when the server has taken it, or after ten seconds.
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS
 */
export async function cancel(address: Address, connected: Connected): Promise<void> {
  const { host, port } = address;
  const { processId, secretKey } = connected.cancelKey;
  const signal = AbortSignal.timeout(waitMs);
  const socket = isSocketFolder(host) ? connectTcp(`${host}/.s.PGSQL.${port}`) : connectTcp(port, host);
  socket.on('error', () => socket.destroy());
  try {
    await once(socket, 'connect', { signal });
    const line = await secured(socket, address, connected, signal);
    // The server closes the line. PgBouncer 1.18 ends with all its clients if we close our end before.
    line.write(request(cancelRequestCode, processId, secretKey));
    line.resume();
    await once(line, 'close', { signal });
  } catch {
    // Who asked for it closes the connection in any case.
  } finally {
    socket.destroy();
  }
}

/** The cancel key is a secret of its kind, so it takes the same way as what it cancels. */
async function secured(
  socket: Socket,
  { host }: Address,
  { attempt }: Connected,
  signal: AbortSignal,
): Promise<Socket> {
  if (!attempt.encrypted) return socket;
  socket.write(request(sslRequestCode));
  const answer: unknown = (await once(socket, 'data', { signal })).at(0);
  if (!Buffer.isBuffer(answer) || answer.toString('latin1') !== 'S') throw new Error('no TLS');
  const line = connectTls({
    ...attempt.options,
    socket,
    host,
    ...(isIP(host) === 0 && { servername: host }),
  });
  line.on('error', () => line.destroy());
  await once(line, 'secureConnect', { signal });
  return line;
}

function request(...numbers: number[]): Buffer {
  const message = Buffer.alloc(4 + 4 * numbers.length);
  message.writeInt32BE(message.length, 0);
  numbers.forEach((number, index) => message.writeInt32BE(number, 4 + 4 * index));
  return message;
}
