import pg from 'pg';
import type { WorkspaceFile } from '../config/workspace-file.js';
import { SourceError } from '../sources/source-error.js';
import { TooOldForStore } from '../store/compatibility.js';
import { CommandError, exitCodes, failed } from './exit.js';

/** A schema, table or column that is not there: no worker has migrated this store, or only an older one. */
const notPrepared = new Set(['3F000', '42P01', '42703', '42883']);
const refusedLogin = new Set(['28P01', '28000']);
const unreachable = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'EAI_AGAIN',
  '57P01',
  '57P02',
  '57P03',
  '08000',
  '08001',
  '08003',
  '08004',
  '08006',
  '53300',
]);
const lostWords =
  /connection terminated|timeout exceeded when trying to connect|connection timeout|server closed the connection|client has encountered a connection error/i;

/** The store has no schema yet, so there is nothing to read; that is not a fault. */
export class StoreNotPrepared extends CommandError {
  constructor(place: string, cause: unknown) {
    super(
      `No worker has prepared ${place} yet, or not one of this version. Start one with "inlet worker".`,
      exitCodes.failed,
      cause,
    );
  }
}

/** The store may be back soon. */
export function isLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return unreachable.has(codeOf(error)) || lostWords.test(error.message);
}

/**
 * Reads the store, and turns what goes wrong into a sentence without password or connection string.
 *
 * @throws StoreNotPrepared, CommandError; what is not of the database passes as it is
 */
export async function reading<T>(file: WorkspaceFile, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw explainStoreError(error, file.storeUrl());
  }
}

/** @param url where the store is; only its host, port and database's name are shown */
export function explainStoreError(error: unknown, url: string): unknown {
  // A source's error can pass through here, when its rows are read into the store.
  if (!(error instanceof Error) || error instanceof SourceError) return error;
  if (error instanceof TooOldForStore) return failed(error.message, error);
  const code = codeOf(error);
  const place = placeOf(url);
  if (notPrepared.has(code)) {
    return new StoreNotPrepared(place, error);
  }
  if (refusedLogin.has(code)) {
    return failed(
      `Could not log in to ${place}: the user or password is wrong. They come from store.url (INLET_STORE_URL unless set).`,
      error,
    );
  }
  if (code === '3D000') {
    return failed(
      `The server of ${place} has no such database. Create it, or mend store.url (INLET_STORE_URL unless set).`,
      error,
    );
  }
  if (isLost(error)) {
    return failed(
      `Can't reach ${place} (${code === '' ? 'no answer' : code}). Is it running? Its address is store.url (INLET_STORE_URL unless set).`,
      error,
    );
  }
  if (error instanceof pg.DatabaseError)
    return failed(`The store refused a statement (${code}): ${error.message}`, error);
  return error;
}

/** With host, port and database's name, never the user or password. */
function placeOf(url: string): string {
  if (!URL.canParse(url)) return 'the store';
  const { hostname, port, pathname } = new URL(url);
  return `the store at ${hostname === '' ? 'a local socket' : hostname}:${port === '' ? '5432' : port}${pathname}`;
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
