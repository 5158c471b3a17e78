/**
 * What the process says when it ends: 0 fine, 1 what was asked for failed (of imports only Completed is fine),
 * 2 wrong use: an unknown command, option or sync, or a file with mistakes (docs/commands.md).
 */
export const exitCodes = { fine: 0, failed: 1, wrongUse: 2 } as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** A command ends with this sentence and exit code; `message` is fit for the terminal and holds no secret. */
export class CommandError extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode, cause?: unknown) {
    super(message, { cause });
    this.name = 'CommandError';
    this.exitCode = exitCode;
  }
}

/** What was asked for can't be done, or was not done. */
export function failed(message: string, cause?: unknown): CommandError {
  return new CommandError(message, exitCodes.failed, cause);
}

/** The command was not used as it is meant to be. */
export function wrongUse(message: string, cause?: unknown): CommandError {
  return new CommandError(message, exitCodes.wrongUse, cause);
}
