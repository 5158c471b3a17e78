import { createHmac } from 'node:crypto';
import type { AlertsTarget } from '../config/alerts.js';

const ANSWER_WITHIN_MS = 10_000;

export interface Message {
  /** The same at every attempt, so that the receiver can tell repeats. */
  id: string;
  /** JSON text; what is signed is exactly this. */
  body: string;
}

export interface Answer {
  /** True for a status of 2xx, and nothing else. */
  accepted: boolean;
  /** A status such as `500`, or our words for why there was none; never what the receiver wrote. */
  said: string;
}

/**
 * Posts a message, signed as Standard Webhooks has it (docs/alerts.md). Redirects are not followed, and the answer's body
 * is not read.
 */
export async function postWebhook(
  { url, keys }: AlertsTarget,
  { id, body }: Message,
  now = Date.now(),
): Promise<Answer> {
  const timestamp = Math.floor(now / 1000);
  const signatures = keys.map(
    (key) => `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`,
  );
  try {
    const response = await fetch(url, {
      method: 'POST',
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      headers: {
        'content-type': 'application/json',
        // Alerts are rare: a connection that was kept would be a stale one.
        connection: 'close',
        'user-agent': 'Inlet',
        'webhook-id': id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': signatures.join(' '),
      },
    });
    await response.body?.cancel().catch(() => undefined);
    return { accepted: response.ok, said: String(response.status) };
  } catch (error) {
    return { accepted: false, said: whyNoAnswer(error) };
  }
}

function whyNoAnswer(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError')
    return `no answer in ${ANSWER_WITHIN_MS / 1000} s`;
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return code === 'ECONNREFUSED' ? 'connection refused' : `no answer${code === '' ? '' : ` (${code})`}`;
}
