import { z } from 'zod';
import { connectionUrlProblem } from '../connection-url.js';
import { hasBrokenReference } from '../environment-reference.js';

/* What values of several sections are: names, texts, numbers. */

/** Names become parts of workflow ids, URLs and commands. */
export const namePattern = '^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$';
export const nameRule =
  'must be 1 to 63 letters (a-z, A-Z), digits, "-" or "_", and begin with a letter or a digit';

/** What an integer column of the store holds. */
const largestCount = 2_147_483_647;

export function wholeNumber(least: number) {
  return z.int().min(least).max(largestCount);
}

/** Text for people; it is shown in terminals and in the Temporal UI. */
export function readableText(longest: number) {
  return z
    .string()
    .min(1)
    .max(longest)
    .refine((text) => !/\p{Cc}/u.test(text.replaceAll(/[\n\t]/g, '')), 'holds control characters')
    .refine((text) => !/\p{Surrogate}/u.test(text), 'holds half of a surrogate pair');
}

/** What a thing of the workspace is called, exactly. */
export function exactName(longest: number) {
  return readableText(longest).refine((text) => !/^\p{White_Space}+$/u.test(text), 'is blank');
}

export function connectionUrl() {
  return z.string().check((context) => {
    const problem = connectionUrlProblem(context.value);
    if (problem !== undefined) {
      context.issues.push({ code: 'custom', message: problem, input: context.value });
    }
  });
}

/** A record whose names `coherence.ts` checks, so that what is under a wrong name is checked as well. */
export function named<Value extends z.ZodType>(value: Value) {
  return z.record(z.string(), value).meta({ propertyNames: { type: 'string', pattern: namePattern } });
}

/** Text that may hold `${NAME}` references. */
export function awsText() {
  return z
    .string()
    .min(1)
    .max(2048)
    .refine((text) => !hasBrokenReference(text), 'holds a "${" that is no reference such as ${NAME}');
}

export const identifier = z.enum(['id', 'email']);
