import { connect } from 'node:net';

/**
 * Whether nobody listens at an address, which a machine says at once, and gRPC only after it has tried for seconds.
 *
 * @param address `host`, `host:port` or `[ipv6]:port`; Temporal's port unless it has one
 * @returns the error's code, such as ECONNREFUSED; undefined if somebody listens or nothing is known within a second
 */
export async function refusingPort(address: string): Promise<string | undefined> {
  if (!URL.canParse(`tcp://${address}`)) return undefined;
  const { hostname, port } = new URL(`tcp://${address}`);
  const host = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    const socket = connect({ host, port: port === '' ? 7233 : Number(port), timeout: 1_000 });
    const answer = (code?: string) => {
      socket.destroy();
      resolve(code);
    };
    socket.once('connect', () => answer());
    socket.once('timeout', () => answer());
    socket.once('error', (error) => answer(codes.find((code) => 'code' in error && error.code === code)));
  });
}

/** Those that waiting does not mend. */
const codes = ['ECONNREFUSED', 'ENOTFOUND'];
