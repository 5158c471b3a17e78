import { CommanderError } from 'commander';
import { ConfigError } from '../config/config-error.js';
import { EncryptionError } from '../encryption/encryption-error.js';
import { SourceError } from '../sources/source-error.js';
import { CommandError, exitCodes, type ExitCode } from './exit.js';

export interface Explanation {
  /** Null if it was said already. */
  message: string | null;
  exitCode: ExitCode;
}

/** What a user is told of any error, and the exit code that goes with it; never a stack. */
export async function explainError(error: unknown): Promise<Explanation> {
  if (error instanceof CommandError) return { message: error.message, exitCode: error.exitCode };
  // commander has written its sentence, or the help that was asked for, itself.
  if (error instanceof CommanderError) {
    const asked = error.code === 'commander.helpDisplayed' || error.code === 'commander.version';
    return { message: null, exitCode: asked ? exitCodes.fine : exitCodes.wrongUse };
  }
  if (error instanceof ConfigError) return { message: error.message, exitCode: exitCodes.wrongUse };
  if (error instanceof EncryptionError) return { message: error.message, exitCode: exitCodes.failed };
  if (error instanceof SourceError) return { message: sourceSentence(error), exitCode: exitCodes.failed };
  // Loaded only here: commands that need no Temporal should not wait for its SDK.
  const { temporalSentence } = await import('./temporal-error.js');
  const message = temporalSentence(error) ?? unexpected(error);
  return { message, exitCode: exitCodes.failed };
}

/**
 * What happened, what the database said of it, and where in the query.
 *
 * @param told with what the sentence leaves out because it may quote a row: only for who asked to see rows
 */
export function sourceSentence(error: SourceError, told = false): string {
  const said = told ? error.databaseMessage : undefined;
  const parts = [error.message];
  if (said !== undefined && !error.message.includes(said)) parts.push(`The database says: ${said}`);
  if (error.position !== undefined && !/line \d+/.test(error.message)) {
    parts.push(`(line ${error.position.line}, column ${error.position.column} of the query)`);
  }
  return parts.join(' ');
}

function unexpected(error: unknown): string {
  const what = error instanceof Error ? error.message : String(error);
  return withoutSecrets(`Something went wrong that should not: ${what}. INLET_DEBUG=1 shows where.`);
}

/** The stack with those of its causes, for INLET_DEBUG=1. */
export function debugText(error: unknown): string {
  const stacks: string[] = [];
  let cause: unknown = error;
  while (cause instanceof Error && stacks.length < 10) {
    stacks.push(cause.stack ?? cause.message);
    cause = cause.cause;
  }
  return withoutSecrets(stacks.join('\ncaused by: '));
}

/** User names and passwords of URLs, and values of `password=` and the like, are taken out. */
export function withoutSecrets(text: string): string {
  return text
    .replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s'"]*@/gi, '$1…@')
    .replace(
      /\b(password|passwd|pwd|api[_-]?key|token|secret)(["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s,;&]+)/gi,
      '$1$2…',
    );
}
