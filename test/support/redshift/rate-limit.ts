import { throttled } from './api-error.js';
import type { Operation } from './inputs.js';

export type Rates = Partial<Record<Operation, number>>;

/** What AWS grants to an account in a region, in requests a second. */
export const AWS_RATES: Required<Rates> = {
  ExecuteStatement: 30,
  BatchExecuteStatement: 20,
  DescribeStatement: 100,
  GetStatementResult: 20,
  CancelStatement: 3,
};

/** Counts the requests of the last second. */
export class RateLimit {
  readonly #served = new Map<Operation, number[]>();

  constructor(private readonly rates: Rates) {}

  /** @throws ApiError ThrottlingException */
  admit(operation: Operation): void {
    const now = Date.now();
    const recent = (this.#served.get(operation) ?? []).filter((at) => at > now - 1000);
    this.#served.set(operation, recent);
    if (recent.length >= (this.rates[operation] ?? Infinity)) throw throttled();
    recent.push(now);
  }
}
