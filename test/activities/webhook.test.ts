import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postWebhook } from '../../activities/webhook.js';
import { signingKeys } from '../../config/alerts-text.js';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.js';

let receiver: WebhookReceiver;
beforeAll(async () => {
  receiver = await startWebhookReceiver();
});
afterAll(() => receiver.stop());

const newSecret = () => `whsec_${randomBytes(32).toString('base64')}`;
const message = { id: 'alert:acme/customers/1', body: '{"type":"sync.failing","text":"Grüße"}' };
const target = (secrets: string) => ({ url: receiver.url, keys: signingKeys(secrets) ?? [] });

describe('a message', () => {
  it('is verified by a library of Standard Webhooks, by each of two secrets, and not by another', async () => {
    const [current, former, other] = [newSecret(), newSecret(), newSecret()];
    expect(await postWebhook(target(`${current} ${former}`), message)).toEqual({
      accepted: true,
      said: '204',
    });
    const posted = receiver.received.at(-1);
    if (posted === undefined) throw new Error('nothing was received');
    for (const secret of [current, former])
      expect(new Webhook(secret).verify(posted.body, posted.headers)).toEqual(JSON.parse(message.body));
    expect(() => new Webhook(other).verify(posted.body, posted.headers)).toThrow('No matching signature');
    expect(posted.headers['webhook-id']).toBe(message.id);
    expect(posted.headers['content-type']).toBe('application/json');
  });

  it.each([
    [200, true, '200'],
    [500, false, '500'],
    [410, false, '410'],
    ['redirect', false, '307'],
    ['break off', false, 'no answer (UND_ERR_SOCKET)'],
  ] as const)('that is answered by %s is accepted: %s', async (behaviour, accepted, said) => {
    const before = receiver.received.length;
    receiver.next(behaviour);
    expect(await postWebhook(target(newSecret()), message)).toEqual({ accepted, said });
    expect(receiver.received).toHaveLength(before + 1);
  });

  it('to nobody is not accepted', async () => {
    await receiver.stop();
    expect(await postWebhook(target(newSecret()), message)).toEqual({
      accepted: false,
      said: 'connection refused',
    });
    await receiver.start();
  });
});
