import { describe, expect, test } from 'vitest';
import { fileWithSync, load, problemsOf } from './written-file.js';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

const fileWith = (alerts: string) => `workspace: { name: acme }\nalerts: ${alerts}\n`;

describe('alerts', () => {
  test('are off unless the file has them', async () => {
    expect((await load('workspace: { name: acme }')).alerts).toBeUndefined();
  });

  test('take url and secrets from the environment', async () => {
    const text = fileWith('{ url: "https://${HOST}/in", secret: "${NEW} ${OLD}", after: 90m }');
    const file = await load(text, {}, { HOST: 'hooks.example.com', NEW: secret, OLD: secret });
    expect(file.alerts?.afterMs).toBe(5_400_000);
    const target = file.alerts?.resolve();
    expect(target?.url).toBe('https://hooks.example.com/in');
    expect(target?.keys).toHaveLength(2);
  });

  test('are told for six hours unless said otherwise', async () => {
    const file = await load(fileWith('{ url: "${URL}", secret: "${SECRET}" }'));
    expect(file.alerts?.afterMs).toBe(6 * 3_600_000);
  });

  test('name every variable that is missing, where a worker asks for them', async () => {
    const file = await load(fileWith('{ url: "${URL}", secret: "${SECRET}" }'));
    expect(() => file.alerts?.resolve()).toThrow(
      /environment variable URL is not set .* alerts\.url[\s\S]*environment variable SECRET is not set .* alerts\.secret/,
    );
  });

  test.each([
    ['URL', 'ftp://host', 'must be a URL that begins with https:// or http://'],
    ['URL', 'https://me:hunter2@host/', 'holds a user or a password, which Inlet does not send'],
    ['SECRET', 'whsec_short', 'must be "whsec_" and 24 to 64 bytes in base64'],
    ['SECRET', secret.replace('whsec_', ''), 'must be "whsec_"'],
  ])('whose variable %s is %s say so, and do not repeat it', async (name, value, message) => {
    const variables = { URL: 'https://host/', SECRET: secret, [name]: value };
    const file = await load(fileWith('{ url: "${URL}", secret: "${SECRET}" }'), {}, variables);
    const resolve = () => file.alerts?.resolve();
    expect(resolve).toThrow(
      `The environment variable ${name}, which alerts.${name.toLowerCase()} refers to,`,
    );
    expect(resolve).toThrow(message);
    expect(resolve).not.toThrow(value);
  });
});

describe('alerts that are written wrong', () => {
  test.each([
    [`{ url: "https://h/", secret: "${secret}" }`, 'alerts.secret holds a secret; secrets'],
    ['{ url: "https://me:hunter2@h/", secret: "${S}" }', 'alerts.url holds a user or a password'],
    ['{ url: "host/in", secret: "${S}" }', 'alerts.url must be a URL that begins'],
    ['{ url: "${U", secret: "${S}" }', 'alerts.url holds a "${" that is no reference'],
    ['{ url: "${U}" }', 'alerts.secret is missing; for example secret: "${INLET_ALERTS_SECRET}"'],
    ['{ url: "${U}", secret: "${S}", after: 5s }', 'alerts.after must be at least 1m'],
  ])('as in %s are refused', async (alerts, message) => {
    const problems = await problemsOf(fileWith(alerts));
    expect(problems).toEqual([expect.stringContaining(message)]);
    expect(problems.join()).not.toContain('hunter2');
    expect(problems.join()).not.toContain(secret);
  });
});

describe('maxFailures', () => {
  test.each([
    ['5%', { percent: 5 }],
    ['0.5 %', { percent: 0.5 }],
    ['100%', { percent: 100 }],
    ['0', { rows: 0 }],
    ['250', { rows: 250 }],
  ])('%s is taken', async (written, expected) => {
    const file = await load(fileWithSync({ maxFailures: written }));
    expect(file.syncs.get('customers')?.maxFailures).toEqual(expected);
  });
});
