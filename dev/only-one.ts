import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { connect, createServer } from 'node:net';

export type Claim = { claimed: true; release(): Promise<void> } | { claimed: false; holder: number | null };

/**
 * Claims a directory for this process. The claim is a socket in Linux's abstract namespace (unix(7)), which ends with its
 * process however that dies, so that it is never stale.
 *
 * @returns the claim, or the pid of the process that has it
 */
export async function claim(directory: string): Promise<Claim> {
  const hash = createHash('sha256').update(realpathSync(directory)).digest('hex').slice(0, 32);
  const address = `\0inlet-dev-${hash}`;
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(String(process.pid));
  });
  server.unref();
  const listening = await new Promise<boolean>((resolve, reject) => {
    server.once('error', (error) => {
      if ('code' in error && error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    });
    server.listen(address, () => resolve(true));
  });
  if (listening) {
    const release = () => new Promise<void>((resolve) => server.close(() => resolve()));
    return { claimed: true, release };
  }
  return { claimed: false, holder: await askHolder(address) };
}

async function askHolder(address: string): Promise<number | null> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(address);
    socket.setTimeout(2_000, () => socket.destroy());
    socket.setEncoding('utf8').on('data', (part: string) => (answer += part));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(/^\d+$/.test(answer) ? Number(answer) : null));
  });
}
