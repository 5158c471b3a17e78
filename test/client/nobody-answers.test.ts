import getPort from 'get-port';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInlet, type Inlet, type Ran } from '../support/inlet.js';

const file = `
workspace: { name: acme }
databases: { crm: { type: postgres, url: "\${CRM_DATABASE_URL}" } }
syncs:
  customers: { database: crm, every: 1h, identifyBy: id, query: SELECT 1 AS id }
`;

let inlet: Inlet;
beforeAll(async () => {
  inlet = await createInlet();
  await inlet.write(file);
});
afterAll(() => inlet.close());

/** How long a command took, in milliseconds, beside what it said. */
async function timed(...words: string[]): Promise<Ran & { took: number }> {
  const start = Date.now();
  const ran = await inlet.inlet(...words);
  return { ...ran, took: Date.now() - start };
}

describe('without a Temporal server', () => {
  beforeAll(async () => {
    inlet.env.TEMPORAL_ADDRESS = `127.0.0.1:${await getPort({ host: '127.0.0.1' })}`;
  });
  const commands = [
    ['apply'],
    ['pause', 'customers', '--reason', 'x'],
    ['resume', 'customers'],
    ['trigger', 'customers'],
  ];
  it.each(commands)('%s says so, names the address and how to set it', async (...words) => {
    const { code, stdout, stderr, took } = await timed(...words);
    expect(stderr).toBe(
      `No Temporal server answers at ${inlet.env.TEMPORAL_ADDRESS}. ` +
        'Set TEMPORAL_ADDRESS to where yours is, or start one with "inlet dev".',
    );
    expect(stdout).toBe('');
    expect(code).toBe(1);
    expect(took).toBeLessThan(10_000);
  });
});
