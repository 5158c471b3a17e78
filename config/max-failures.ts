import { z } from 'zod';
import type { MaxFailures } from './sync-definition.js';

const rule = 'must be a percentage such as 5% or 0.5%, or a whole number of rows such as 100';

/** What an integer column of the store holds. */
const largestCount = 2_147_483_647;

/** At most three decimals, so that reckoning with it stays exact. */
const percentage = '^\\d{1,3}(?:\\.\\d{1,3})? ?%$';

/** The schema of `maxFailures` (docs/configuration.md): a percentage, or a number of rows. */
export const maxFailuresSchema = z
  .union([z.number().meta({ minimum: 0 }), z.string().meta({ pattern: percentage })], { error: () => rule })
  .transform((written, context): MaxFailures => {
    const limit = typeof written === 'number' ? rowsOf(written) : percentOf(written);
    if (limit !== undefined) return limit;
    const tooMuch = typeof written === 'string' && new RegExp(percentage).test(written);
    context.addIssue({ code: 'custom', message: tooMuch ? 'must be at most 100%' : rule });
    return z.NEVER;
  });

const rowsOf = (rows: number): MaxFailures | undefined =>
  Number.isInteger(rows) && rows >= 0 && rows <= largestCount ? { rows } : undefined;

function percentOf(text: string): MaxFailures | undefined {
  if (!new RegExp(percentage).test(text)) return undefined;
  const percent = Number(text.replace(/ ?%$/, ''));
  return percent <= 100 ? { percent } : undefined;
}
