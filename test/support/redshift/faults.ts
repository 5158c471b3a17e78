import { ApiError, tooMany, throttled } from './api-error.js';
import type { Operation } from './inputs.js';

/** What goes wrong with one request. */
export type Fault =
  | { kind: 'error'; error: ApiError }
  /** The connection breaks: before anything was done, or when all is done and only the answer is missing. */
  | { kind: 'reset'; when: 'before' | 'after' }
  /** The request is answered rightly, but late. */
  | { kind: 'delay'; ms: number }
  /** The statement is accepted and ends so without having run, as where the cluster refuses the connection. */
  | { kind: 'ends'; status: 'FAILED' | 'ABORTED'; error?: string }
  /** DescribeStatement says so, at once, whatever is true. */
  | { kind: 'shows'; status: string }
  /** GetStatementResult gives the page asked for, but as NextToken the one that it came with (or its own page's). */
  | { kind: 'repeatedToken' }
  /** GetStatementResult gives no row, and a NextToken for the page that was asked for. */
  | { kind: 'emptyPage' };

const error = (name: string, status: number, message: string): Fault => ({
  kind: 'error',
  error: new ApiError(name, status, message),
});

/** The faults by name, for `fail`. */
export const faults = {
  throttled: { kind: 'error', error: throttled() },
  internal: error('InternalServerException', 500, 'Internal server error'),
  activeStatementsExceeded: { kind: 'error', error: tooMany('Statements', 500) },
  activeSessionsExceeded: { kind: 'error', error: tooMany('Sessions', 500) },
  activeWaitingRequestsExceeded: { kind: 'error', error: tooMany('WaitingRequests', 1) },
  accessDenied: error('AccessDeniedException', 400, 'User: inlet is not authorized to perform this'),
  expiredToken: error('ExpiredTokenException', 400, 'The security token included in the request is expired'),
  resetBefore: { kind: 'reset', when: 'before' },
  resetAfter: { kind: 'reset', when: 'after' },
  repeatedToken: { kind: 'repeatedToken' },
  emptyPage: { kind: 'emptyPage' },
  error,
  delay: (ms: number): Fault => ({ kind: 'delay', ms }),
  ends: (status: 'FAILED' | 'ABORTED', message?: string): Fault => ({
    kind: 'ends',
    status,
    ...(message !== undefined && { error: message }),
  }),
  shows: (status: string): Fault => ({ kind: 'shows', status }),
} satisfies Record<string, Fault | ((...parts: never[]) => Fault)>;

const OPERATIONS_OF: Partial<Record<Fault['kind'], readonly Operation[]>> = {
  ends: ['ExecuteStatement', 'BatchExecuteStatement'],
  shows: ['DescribeStatement'],
  repeatedToken: ['GetStatementResult'],
  emptyPage: ['GetStatementResult'],
};

/** Faults that wait for their requests; those of one operation happen in the order they were asked for. */
export class FaultQueue {
  readonly #waiting: { operation: Operation; fault: Fault; times: number }[] = [];

  add(operation: Operation, fault: Fault, times: number): void {
    if (OPERATIONS_OF[fault.kind]?.includes(operation) === false) {
      throw new Error(`The fault "${fault.kind}" does not fit ${operation}.`);
    }
    this.#waiting.push({ operation, fault, times });
  }

  take(operation: Operation): Fault | undefined {
    const at = this.#waiting.findIndex((next) => next.operation === operation);
    const next = this.#waiting[at];
    if (!next) return undefined;
    next.times -= 1;
    if (next.times <= 0) this.#waiting.splice(at, 1);
    return next.fault;
  }

  clear(): void {
    this.#waiting.length = 0;
  }
}
