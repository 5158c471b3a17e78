import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createInlet, type Inlet } from '../support/inlet.js';

/** AuthenticationRequest 99: node-postgres knows none of that number, and throws in an event of its socket. */
const answer = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 99]);

let inlet: Inlet;
let store: Server;
beforeEach(async () => {
  inlet = await createInlet();
  store = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.write(answer));
  });
  await new Promise<void>((resolve) => store.listen(0, '127.0.0.1', resolve));
  await inlet.write(`workspace: { name: ${inlet.workspace} }\n`);
});
afterEach(async () => {
  store.close();
  await inlet.close();
});

test('an exception in an event of a library ends a command with a sentence, and without its words or a stack', async () => {
  inlet.env.INLET_STORE_URL = `postgres://bob:hunter2@127.0.0.1:${(store.address() as AddressInfo).port}/inlet`;
  expect(await inlet.inlet('segments')).toEqual({
    code: 1,
    stdout: '',
    stderr: 'Something went wrong that should not: Error. Please report it.',
  });
});
