import { isGrpcServiceError, ServiceError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import pg from 'pg';
import { ConfigError } from '../config/config-error.js';
import { whereThrown } from '../config/where-thrown.js';
import { SourceError } from '../sources/source-error.js';
import { AcceptRefused } from '../store/accept-import.js';
import { TooOldForStore } from '../store/compatibility.js';
import { FencedOff, ForgottenImport } from '../store/fence.js';
import { SegmentMissing } from '../store/import-scope.js';
import { StagingLost } from '../store/ledger.js';
import { TooManyRows } from '../store/row-meter.js';
import { SettingsRefused } from '../store/workspaces.js';
import { failure, type FailureType } from './failures.js';

/** SQLSTATE classes and codes of the store that pass by themselves: connections, restarts, failovers, conflicts, waits. */
const passing = /^(08|57P0|53300|40001|40P01|55P03|55000|23505|57014|25P03|25006)/;

/** What passes once somebody mends the store: no room, no access, no such database. */
const mendable = /^(53|28|3D|42501)/;

const networkTrouble = /ECONN|ETIMEDOUT|EPIPE|EAI_AGAIN|ENOTFOUND|terminated|Connection ended|timeout/i;

/**
 * Says an error in Temporal's words: an ApplicationFailure of a known type, whose message is our sentence. What a database
 * said while rows were read or written is left out, for it can quote a cell; its SQLSTATE stays.
 */
export function translateError(error: unknown): Error {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  if (error instanceof SourceError)
    return failure(error.retryable ? 'SourceUnavailable' : 'QueryRefused', error.message);
  if (error instanceof ConfigError) return failure('DefinitionRefused', error.message);
  if (error instanceof AcceptRefused) return failure('AcceptRefused', error.message);
  if (error instanceof SettingsRefused) return failure('DefinitionRefused', error.message);
  if (error instanceof SegmentMissing) return failure('DefinitionRefused', error.message);
  if (error instanceof TooManyRows) return failure('QueryRefused', error.message);
  if (error instanceof TooOldForStore) return failure('TooOldForStore', error.message);
  if (error instanceof FencedOff) return failure('FencedOff', error.message);
  if (error instanceof ForgottenImport) return failure('ForgottenImport', error.message);
  if (error instanceof StagingLost)
    return failure(
      'StagingLost',
      `${error.message} Some of them were applied already: trigger the sync again.`,
    );
  return storeError(error);
}

/**
 * The same for what the log must be told, however long it takes: what somebody can mend in the store is waited for, where
 * an import would end as `Failed`.
 */
export function translateUntilDone(error: unknown): Error {
  const code = error instanceof pg.DatabaseError ? error.code : undefined;
  if (code === undefined || !mendable.test(code)) return translateError(error);
  return failure(
    'StoreUnavailable',
    `The store can't be written to (SQLSTATE ${code}); it is tried until it can.`,
  );
}

/** What is left is the store's: nothing else of ours throws. */
function storeError(error: unknown): Error {
  if (error instanceof pg.DatabaseError && error.code !== undefined) {
    const { code } = error;
    if (passing.test(code))
      return failure('StoreUnavailable', `The store is not available (SQLSTATE ${code}).`);
    if (code.startsWith('53'))
      return failure(
        'StoreRefused',
        `The store has run out of room (SQLSTATE ${code}): free disk or memory there.`,
      );
    return failure(
      'StoreRefused',
      `The store refused a statement (SQLSTATE ${code}), and would again. "inlet import" shows what it said; nothing of the rows that it concerns was applied.`,
    );
  }
  const message = error instanceof Error ? error.message : '';
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (networkTrouble.test(code) || networkTrouble.test(message))
    return failure('StoreUnavailable', `The store can't be reached${code === '' ? '' : ` (${code})`}.`);
  return failure(
    'Unexpected',
    `Something unexpected went wrong (${error instanceof Error ? error.name : typeof error}); the worker's log has it.`,
  );
}

/** What a line of a worker's log says of an error: our sentence, and where it was thrown if no rule here knows it. */
export function fieldsOfError(error: unknown): { message: string; stack?: string } {
  // Temporal's own words are about workflows, and hold no row.
  if (isGrpcServiceError(error) || error instanceof ServiceError) return { message: error.message };
  const translated = translateError(error);
  return {
    message: translated.message,
    ...(isUnexpected(translated) && { stack: whereThrown(error) }),
  };
}

/** What a database said, for the import log only; null if no database said anything. */
export function databaseMessageOf(error: unknown): string | null {
  if (error instanceof SourceError) return error.databaseMessage ?? null;
  if (error instanceof pg.DatabaseError)
    return [error.message, error.detail, error.where].filter(Boolean).join('\n');
  return null;
}

/** True for what no rule here knows: its stack belongs into the worker's log. */
export const isUnexpected = (error: Error): boolean =>
  error instanceof ApplicationFailure && error.type === ('Unexpected' satisfies FailureType);
