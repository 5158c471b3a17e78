import { createServer, type AddressInfo } from 'node:net';
import getPort from 'get-port';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusingPort } from '../../client/refusing-port.js';

describe('a port', () => {
  const server = createServer((socket) => socket.destroy());
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())));

  it('on which somebody listens does not refuse', async () => {
    const { port } = server.address() as AddressInfo;
    expect(await refusingPort(`127.0.0.1:${port}`)).toBeUndefined();
  });

  it('on which nobody listens refuses', async () => {
    const port = await getPort({ host: '127.0.0.1' });
    expect(await refusingPort(`127.0.0.1:${port}`)).toBe('ECONNREFUSED');
  });

  it('whose address is none is left to those who know more', async () => {
    expect(await refusingPort('not an address')).toBeUndefined();
  });
});
