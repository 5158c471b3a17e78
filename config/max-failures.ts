import { z } from 'zod';
import type { MaxFailures } from './sync-definition.js';

const rule = 'must be a percentage such as 5% or 0.5%, or a whole number of rows such as 100';

/** What an integer column of the store holds. */
const largestCount = 2_147_483_647;

/** A hundredth has five decimals in the end, so that reckoning with it stays exact. */
const percentage = '^\\d{1,3}(?:\\.\\d{1,3})? ?%$';

/** The schema of `maxFailures` (docs/configuration.md): a percentage, or a number of rows. */
export const maxFailuresSchema = z
  .union([z.int().min(0).max(largestCount), z.string().regex(new RegExp(percentage))], { error: () => rule })
  .transform((written, context): MaxFailures => {
    if (typeof written === 'number') return { rows: written };
    const percent = Number(written.replace(/ ?%$/, ''));
    if (percent > 100) {
      context.addIssue({ code: 'custom', message: 'must be at most 100%' });
      return z.NEVER;
    }
    return { percent };
  });
