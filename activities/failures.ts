import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';

/** Every type of failure that an activity gives, and why a retry can or cannot mend it. */
export const failureTypes = {
  /** The file, the query or the settings are wrong; only an edit mends it. */
  DefinitionRefused: { retryable: false },
  /** `last_sync_time` can't be moved past this import; the log says the same next time. */
  AcceptRefused: { retryable: false },
  /** The query can't run, or gives columns that can't be imported; only an edit or the database's owner mends it. */
  QueryRefused: { retryable: false },
  /** The source can't be reached or broke off; it may be back soon. */
  SourceUnavailable: { retryable: true },
  /** The store can't be reached or broke off; it may be back soon. */
  StoreUnavailable: { retryable: true },
  /** The store refused a statement; the next attempt would meet the same. */
  StoreRefused: { retryable: false },
  /** A newer version has upgraded the store and does not admit this one; its own workers take the retry. */
  TooOldForStore: { retryable: true },
  /** Another import became active: whatever this attempt wants to write is too late. */
  FencedOff: { retryable: false },
  /** The store was restored from a backup, and has no such import: to ask it again gives no other answer. */
  ForgottenImport: { retryable: false },
  /** Another import has the workspace and its workflow is open; it will close. */
  WorkspaceTaken: { retryable: true },
  /** The staged rows are not what staging promised, and some of them were applied already. */
  StagingLost: { retryable: false },
  /** Not a failure but an answer: the holder's workflow is open. */
  StillRunning: { retryable: true },
  /** Not a failure but an answer: the mutex was asked and has not answered yet. */
  StillWaiting: { retryable: true },
  /** The receiver of alerts did not accept one; it may be mended soon. */
  AlertNotDelivered: { retryable: true },
  /** A bug, ours or a library's; another attempt may or may not meet it. */
  Unexpected: { retryable: true },
  /** No worker serves the workspace's databases. */
  NotServed: { retryable: false },
} as const satisfies Record<string, { retryable: boolean }>;

export type FailureType = keyof typeof failureTypes;

const benign: ReadonlySet<FailureType> = new Set<FailureType>([
  'StillRunning',
  'StillWaiting',
  'WorkspaceTaken',
]);

/** Answers that are no trouble: Temporal is to ask again. */
export const isBenign = (type: FailureType): boolean => benign.has(type);

/** Whether a failure's type is one of ours. */
export const isFailureType = (type: unknown): type is FailureType =>
  typeof type === 'string' && Object.hasOwn(failureTypes, type);

/**
 * @param message a sentence for the user: no row, no password, no message of a database that reads or writes rows
 */
export function failure(type: FailureType, message: string): ApplicationFailure {
  return ApplicationFailure.create({
    message,
    type,
    nonRetryable: !failureTypes[type].retryable,
    ...(benign.has(type) && { category: ApplicationFailureCategory.BENIGN }),
  });
}
