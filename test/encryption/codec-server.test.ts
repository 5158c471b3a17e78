import { randomBytes } from 'node:crypto';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { createInlet, type Inlet, type Started } from '../support/inlet.js';
import { temporalCli } from '../support/own-temporal.js';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const UI = 'https://temporal.acme.com';
const MARKER = `marker${randomBytes(6).toString('hex')}`;
const token = randomBytes(16).toString('hex');

let inlet: Inlet;
let server: Started;
let endpoint: string;

beforeAll(async () => {
  inlet = await createInlet();
  inlet.env.INLET_ENCRYPTION_KEYS = `2026-11:${randomBytes(32).toString('base64')}`;
  inlet.env.INLET_CODEC_TOKEN = token;
  await inlet.write(`
workspace: { name: ${inlet.workspace} }
databases: { crm: { type: postgres, url: "\${CRM_DATABASE_URL}" } }
syncs:
  customers: { database: crm, every: 1d, identifyBy: id, query: SELECT '${MARKER}' AS id }
`);
  server = inlet.start('codec-server', '--listen', '127.0.0.1:0', '--origin', UI);
  endpoint = await new Promise((resolve, reject) => {
    let said = '';
    server.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0];
      if (url !== undefined) resolve(url);
    });
    server.once('exit', () => reject(new Error(said)));
  });
  await inlet.startWorker();
  expect(await inlet.inlet('apply')).toMatchObject({ code: 0 });
  await inlet.untilStatus('customers', 1, 'Completed');
});
afterAll(async () => {
  server.kill('SIGTERM');
  expect((await server).exitCode).toBe(0);
  await inlet.close();
});

const post = (path: string, body: string, headers: Record<string, string> = {}) =>
  fetch(`${endpoint}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Namespace': 'default', ...headers },
    body,
  });
const bearer = { Authorization: `Bearer ${token}` };
const hello = { metadata: { encoding: btoa('json/plain') }, data: btoa('"hello"') };
const asked = JSON.stringify({ payloads: [hello] });

describe("Temporal's own CLI", () => {
  async function temporal(...words: string[]) {
    const cli = await temporalCli();
    const ran = await execa(cli, [...words, '--address', inject('temporalAddress'), '-o', 'json'], {
      reject: false,
    });
    const asText = (_: string, data: string) => Buffer.from(data, 'base64').toString();
    return `${ran.stdout}\n${ran.stderr}`.replaceAll(/"data": "([^"]*)"/g, asText);
  }
  const show = (...more: string[]) =>
    temporal('workflow', 'show', '-w', `sync:${inlet.workspace}/customers`, ...more);

  it('reads with the endpoint what it can not read without', async () => {
    const encrypted = await show();
    expect(encrypted).toContain('EVENT_TYPE_WORKFLOW_EXECUTION_STARTED');
    expect(encrypted).not.toContain(MARKER);
    const decoded = await show('--codec-endpoint', endpoint, '--codec-auth', `Bearer ${token}`);
    expect(decoded).toContain(MARKER);
  });

  it('reads nothing without the token', async () => {
    const refused = await show('--codec-endpoint', endpoint);
    expect(refused).not.toContain(MARKER);
    expect(refused).toContain('failed getting next history event');
  });
});

describe('the codec endpoint', () => {
  it('gives back what it has encrypted, below any path', async () => {
    const encoded = await (await post('/encode', asked, bearer)).text();
    expect(encoded).toContain(btoa('binary/encrypted'));
    const decoded = await post('/default/decode', encoded, bearer);
    expect(decoded.headers.get('cache-control')).toBe('no-store');
    expect(await decoded.json()).toEqual({ payloads: [hello] });
  });

  it.each([
    ['no token', {}],
    ['another token', { Authorization: 'Bearer 0123456789abcdef' }],
    ['a part of the token', { Authorization: `Bearer ${token.slice(0, -1)}` }],
    ['the token in another scheme', { Authorization: `Basic ${token}` }],
  ])('decrypts nothing for %s', async (_, headers: Record<string, string>) => {
    const answer = await post('/decode', asked, headers);
    expect(answer.status).toBe(401);
    expect(await answer.text()).not.toContain('payloads');
  });

  it.each([
    ['what is no JSON', 'hello', 400],
    ['JSON of another shape', '{"payloads": [{"data": 1}]}', 400],
    ['more than it takes', JSON.stringify({ payloads: [{ data: 'AAAA'.repeat(2_200_000) }] }), 413],
  ])('refuses %s', async (_, body, status) => {
    expect((await post('/decode', body, bearer)).status).toBe(status);
  });

  it('names a key that it does not have', async () => {
    const metadata = { encoding: btoa('binary/encrypted'), 'encryption-key-id': btoa('2020-01') };
    const answer = await post(
      '/decode',
      JSON.stringify({ payloads: [{ metadata, data: btoa('x') }] }),
      bearer,
    );
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('the key "2020-01", which is not in INLET_ENCRYPTION_KEYS');
  });

  it('has nothing at other paths, and takes nothing but POST', async () => {
    expect((await post('/', asked, bearer)).status).toBe(404);
    expect((await fetch(`${endpoint}/decode`, { headers: bearer })).status).toBe(405);
  });

  it('lets the pages of the origins that were named read its answers, and no others', async () => {
    const preflight = (Origin: string) =>
      fetch(`${endpoint}/decode`, {
        method: 'OPTIONS',
        headers: {
          Origin,
          'Access-Control-Request-Method': 'POST',
          'Access-Control-Request-Headers': 'authorization,content-type,x-namespace',
        },
      });
    const allowed = await preflight(UI);
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get('access-control-allow-origin')).toBe(UI);
    expect(allowed.headers.get('access-control-allow-headers')).toBe(
      'Authorization, Content-Type, X-Namespace',
    );
    const other = await preflight('https://evil.example');
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
    const refused = await post('/decode', asked, { Origin: UI });
    expect(refused.headers.get('access-control-allow-origin')).toBe(UI);
  });
});

describe('inlet codec-server', () => {
  it.each([
    ['without a token', { INLET_CODEC_TOKEN: '' }, [], 'set INLET_CODEC_TOKEN to what they must send'],
    [
      'with a token that can be guessed',
      { INLET_CODEC_TOKEN: 'secret' },
      [],
      'INLET_CODEC_TOKEN can be guessed',
    ],
    ['without a key', { INLET_ENCRYPTION_KEYS: '' }, [], 'There is nothing to decrypt with'],
    [
      'with an origin that stands for all',
      {},
      ['--origin', '*'],
      'It must be http:// or https:// and a host',
    ],
    ['with half an address', {}, ['--listen', '8081'], 'is not HOST:PORT'],
  ])('does not start %s', async (_, changes: Record<string, string>, words, sentence) => {
    const before = { ...inlet.env };
    Object.assign(inlet.env, changes);
    const { code, stderr } = await inlet.inlet('codec-server', ...words);
    Object.assign(inlet.env, before);
    expect(stderr).toContain(sentence);
    expect(code).toBe(2);
  });
});
