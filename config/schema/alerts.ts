import { z } from 'zod';
import { alertsSecretProblem, alertsUrlProblem } from '../alerts-text.js';
import { durationBetween } from '../duration.js';

/** `alerts`: where and when a change of state is told (docs/alerts.md). */
export const alerts = z
  .strictObject({
    url: z
      .string()
      .check(({ value, issues }) => {
        const problem = alertsUrlProblem(value);
        if (problem !== undefined) issues.push({ code: 'custom', message: problem, input: value });
      })
      .meta({
        description:
          'Where [alerts](alerts.md) are posted to: `https://…` or `http://…`, whole or in part from `${NAME}` references.',
        example: '${INLET_ALERTS_URL}',
        kind: 'URL',
      }),
    secret: z
      .string()
      .check(({ value, issues }) => {
        const problem = alertsSecretProblem(value);
        if (problem !== undefined) issues.push({ code: 'custom', message: problem, input: value });
      })
      .meta({
        description:
          'What alerts are [signed](alerts.md#the-signature) with: a `${NAME}` reference to `whsec_` and 24 to 64 bytes in base64; two while it is changed.',
        example: '${INLET_ALERTS_SECRET}',
        kind: 'reference',
      }),
    after: durationBetween('1m', '365d').prefault('6h').meta({
      description:
        'How long `last_sync_time` may be held back before there is an alert: from `1m` to `365d`.',
      example: '6h',
    }),
  })
  .meta({
    description: 'A webhook that hears when a sync begins to fail, and when it has recovered.',
    example: { url: '${INLET_ALERTS_URL}', secret: '${INLET_ALERTS_SECRET}' },
  });
