import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { NativeConnection } from '@temporalio/worker';
import { temporalSettings } from '../../worker/temporal-settings.js';
import { unreachable } from '../../worker/unreachable.js';
import { makeCertificate } from '../support/certificates.js';
import { createInlet, type Inlet } from '../support/inlet.js';
import '../support/quiet-runtime.js';
import { temporalGateway, type TemporalGateway } from '../support/temporal-gateway.js';

// Workers and commands are processes of their own, many in a test: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const file = (workspace: string) => `
workspace: { name: ${workspace} }
databases: { crm: { type: postgres, url: "\${CRM_DATABASE_URL}" } }
syncs:
  customers: { database: crm, every: 1d, identifyBy: id, query: SELECT 'a' AS id }
`;

const apiKey = randomBytes(16).toString('hex');
let inlet: Inlet;
let certified: TemporalGateway;
let keyed: TemporalGateway;

beforeAll(async () => {
  inlet = await createInlet();
  const upstream = inject('temporalAddress');
  certified = await temporalGateway(upstream, { requireCertificate: true });
  keyed = await temporalGateway(upstream, { apiKey });
  await inlet.write(file(inlet.workspace));
  const own = certified.clientCertificate();
  const foreign = makeCertificate({ commonName: 'inlet' });
  await inlet.write(own.certificate, 'client.pem');
  await inlet.write(own.key, 'client.key');
  await inlet.write(foreign.certificate, 'foreign.pem');
  await inlet.write(foreign.key, 'foreign.key');
  await inlet.write(certified.authority.certificate, 'certified-ca.pem');
  await inlet.write(keyed.authority.certificate, 'keyed-ca.pem');
});
afterAll(async () => {
  await inlet.close();
  await Promise.all([certified.close(), keyed.close()]);
});

const path = (name: string) => join(inlet.directory, name);

/** What is set of Temporal's variables, and nothing else of them. */
function setTemporal(variables: Record<string, string>): void {
  for (const name of Object.keys(inlet.env)) if (name.startsWith('TEMPORAL_')) inlet.env[name] = '';
  Object.assign(inlet.env, variables);
}

const mutual = () => ({
  TEMPORAL_ADDRESS: certified.address,
  TEMPORAL_TLS_SERVER_NAME: 'temporal.test',
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: path('certified-ca.pem'),
  TEMPORAL_TLS_CLIENT_CERT_PATH: path('client.pem'),
  TEMPORAL_TLS_CLIENT_KEY_PATH: path('client.key'),
});

const withKey = () => ({
  TEMPORAL_ADDRESS: keyed.address,
  TEMPORAL_NAMESPACE: 'default',
  TEMPORAL_API_KEY: apiKey,
  TEMPORAL_TLS_SERVER_NAME: 'temporal.test',
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: path('keyed-ca.pem'),
});

describe('a Temporal server behind TLS', () => {
  it('that wants client certificates serves worker and commands by environment alone', async () => {
    setTemporal(mutual());
    await inlet.startWorker();
    expect(await inlet.inlet('apply')).toMatchObject({ code: 0 });
    await inlet.untilStatus('customers', 1, 'Completed');
    expect(await inlet.inlet('trigger', 'customers', '--wait')).toMatchObject({ code: 0 });
    const { stderr } = await inlet.stopWorker();
    // The gateway lets nobody have an operator's rights, as Temporal Cloud does.
    expect(stderr).toContain('could not register search attributes');
  });

  it('that wants an API key gets it and the namespace with every call, from a profile of temporal.toml as well', async () => {
    setTemporal(withKey());
    await inlet.startWorker();
    setTemporal({ TEMPORAL_CONFIG_FILE: path('temporal.toml'), TEMPORAL_PROFILE: 'cloud' });
    await inlet.write(
      `[profile.cloud]
address = "${keyed.address}"
namespace = "default"
api_key = "${apiKey}"
[profile.cloud.tls]
server_name = "temporal.test"
server_ca_cert_path = ${JSON.stringify(path('keyed-ca.pem'))}
`,
      'temporal.toml',
    );
    // On a busy machine a worker that is ready may still take longer than a command waits for it.
    await vi.waitFor(
      async () => expect(await inlet.inlet('trigger', 'customers', '--wait')).toMatchObject({ code: 0 }),
      { timeout: 60_000, interval: 100 },
    );
    await inlet.stopWorker();
    const about = keyed.calls.filter(
      ({ ':path': call }) => !/GetSystemInfo|Health|operatorservice/.test(call ?? ''),
    );
    const namespaces = new Set(about.map((headers) => headers['temporal-namespace']));
    expect([...namespaces]).toEqual(['default']);
    const names = new Set(about.map((headers) => headers['client-name']));
    expect([...names]).toEqual(expect.arrayContaining(['temporal-typescript']));
    expect(keyed.calls.every(({ authorization }) => authorization === `Bearer ${apiKey}`)).toBe(true);
  });

  it.each([
    [
      'an authority that it is not from',
      () => ({ ...mutual(), TEMPORAL_TLS_SERVER_CA_CERT_PATH: path('keyed-ca.pem') }),
      'its certificate is not from the authority in TEMPORAL_TLS_SERVER_CA_CERT_PATH.',
    ],
    [
      'another API key',
      () => ({ ...withKey(), TEMPORAL_API_KEY: 'wrong' }),
      'does not let us in. Check TEMPORAL_API_KEY',
    ],
  ])('is told by worker and commands from one that is not there, with %s', async (_, settings, sentence) => {
    setTemporal(settings());
    const ran = await Promise.all([inlet.inlet('trigger', 'customers'), inlet.inlet('worker')]);
    for (const { code, stderr } of ran) {
      expect(stderr).toContain(sentence);
      expect(stderr).not.toMatch(/Error|wrong|\n.+\n/);
      expect(code).toBe(1);
    }
  });

  it.each([
    [
      'no authority',
      () => ({ ...mutual(), TEMPORAL_TLS_SERVER_CA_CERT_PATH: '' }),
      'nobody whom this machine trusts vouches for its certificate.',
    ],
    [
      'another name',
      () => ({ ...mutual(), TEMPORAL_TLS_SERVER_NAME: 'other.test' }),
      'its certificate is for another name than "other.test". Set TEMPORAL_TLS_SERVER_NAME',
    ],
    [
      'no client certificate',
      () => ({ ...mutual(), TEMPORAL_TLS_CLIENT_CERT_PATH: '', TEMPORAL_TLS_CLIENT_KEY_PATH: '' }),
      'it wants a client certificate. Set TEMPORAL_TLS_CLIENT_CERT_PATH and',
    ],
    [
      'a client certificate from somebody else',
      () => ({
        ...mutual(),
        TEMPORAL_TLS_CLIENT_CERT_PATH: path('foreign.pem'),
        TEMPORAL_TLS_CLIENT_KEY_PATH: path('foreign.key'),
      }),
      'it does not accept our client certificate.',
    ],
    [
      "a key that is another certificate's",
      () => ({ ...mutual(), TEMPORAL_TLS_CLIENT_KEY_PATH: path('foreign.key') }),
      'the client certificate and its key do not belong together.',
    ],
    [
      'no TLS',
      () => ({ TEMPORAL_ADDRESS: certified.address }),
      'it speaks TLS, and we do not. Set TEMPORAL_TLS=true',
    ],
    [
      'TLS, where the server has none',
      () => ({ TEMPORAL_ADDRESS: inject('temporalAddress'), TEMPORAL_TLS: 'true' }),
      'it does not speak TLS. Unset the TEMPORAL_TLS_* variables',
    ],
  ])('is looked at by hand, and told from one that is not there, with %s', async (_, variables, sentence) => {
    const settings = temporalSettings({ toObject: () => ({ HOME: inlet.directory, ...variables() }) });
    await expect(NativeConnection.connect(settings)).rejects.toThrow();
    expect(await unreachable(settings, new Error('transport error'))).toContain(sentence);
  });

  it.each([
    [
      'a client certificate has no key',
      () => ({ ...mutual(), TEMPORAL_TLS_CLIENT_KEY_PATH: '' }),
      'there is a client certificate without its key (TEMPORAL_TLS_CLIENT_KEY_PATH)',
    ],
    [
      'a file is not there',
      () => ({ ...mutual(), TEMPORAL_TLS_CLIENT_KEY_PATH: path('none.key') }),
      'no such file or directory, open',
    ],
    ['a profile is not there', () => ({ TEMPORAL_PROFILE: 'cloud' }), "Profile 'cloud' not found"],
  ])('is not asked where %s', (_, variables, sentence) => {
    expect(() => temporalSettings({ toObject: () => ({ HOME: inlet.directory, ...variables() }) })).toThrow(
      sentence,
    );
  });
});
