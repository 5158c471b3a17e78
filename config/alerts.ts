import { signingKeys, webhookUrlProblem } from './alerts-text.js';
import { ConfigError, type ConfigProblem } from './config-error.js';
import { attempt, placed, resolveText, type ReferenceContext } from './database-connection.js';
import { wholeReference } from './environment-reference.js';
import type { Path } from './plain-data.js';
import type { ParsedFile } from './schema.js';
import { where } from './wording.js';

/** Where alerts go and what they are signed with: for memory only, never for Temporal, a log or a message. */
export interface AlertsTarget {
  url: string;
  /** The current key first; a second one while the secret is changed. */
  keys: Buffer[];
}

/** `alerts` as the file has it, its variables not looked up yet. */
export interface AlertsReference {
  /** How long `last_sync_time` may be held back, in milliseconds. */
  readonly afterMs: number;
  /** Looks the variables up. Throws ConfigError, with each that is missing or can't be used. */
  resolve(): AlertsTarget;
}

export function alertsReference(
  { url, secret, after }: NonNullable<ParsedFile['alerts']>,
  context: ReferenceContext,
): AlertsReference {
  return {
    afterMs: after.ms,
    resolve() {
      const problems: ConfigProblem[] = [];
      const target = attempt(() => resolveTarget(url, context), problems);
      const keys = attempt(() => resolveKeys(secret, context), problems);
      if (target === undefined || keys === undefined) throw new ConfigError(problems);
      return { url: target, keys };
    },
  };
}

function resolveTarget(text: string, context: ReferenceContext): string {
  const path = ['alerts', 'url'];
  const url = resolveText(text, path, context).trim();
  const problem = webhookUrlProblem(url);
  if (problem !== undefined) throw placed(path, `${subjectOf(path, text)} ${problem}.`, context);
  return url;
}

function resolveKeys(text: string, context: ReferenceContext): Buffer[] {
  const path = ['alerts', 'secret'];
  const keys = signingKeys(resolveText(text, path, context));
  if (keys !== undefined) return keys;
  const rule =
    'must be "whsec_" and 24 to 64 bytes in base64. Make one with: echo "whsec_$(openssl rand -base64 32)"';
  throw placed(path, `${subjectOf(path, text)} ${rule}`, context);
}

/** What the sentence is about: the variable, where the text is nothing else. */
function subjectOf(path: Path, text: string): string {
  const whole = wholeReference(text);
  return whole === undefined
    ? `${where(path)}, with its variables filled in,`
    : `The environment variable ${whole}, which ${where(path)} refers to,`;
}
