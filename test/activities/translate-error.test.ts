import { ApplicationFailure } from '@temporalio/common';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { databaseMessageOf, translateError, translateUntilDone } from '../../activities/translate-error.js';
import { SourceError } from '../../sources/source-error.js';
import { TooManyRows } from '../../store/row-meter.js';

function databaseError(code: string, message: string): pg.DatabaseError {
  const error = new pg.DatabaseError(message, message.length, 'error');
  error.code = code;
  return error;
}

const typeOf = (error: unknown, translate = translateError) => {
  const translated = translate(error);
  if (!(translated instanceof ApplicationFailure)) throw translated;
  return { type: translated.type, retryable: translated.nonRetryable !== true };
};

describe('an error of the store', () => {
  it.each([
    ['57P01', 'the server is shutting down'],
    ['08006', 'the connection broke'],
    ['40P01', 'a deadlock'],
    ['55P03', 'a lock that was not granted in time'],
    ['55000', 'the database takes no connections'],
    ['25006', 'it has become a standby'],
  ])('%s, %s, passes by itself', (code) => {
    expect(typeOf(databaseError(code, ''))).toEqual({ type: 'StoreUnavailable', retryable: true });
  });

  it('is final when a statement is refused', () => {
    expect(typeOf(databaseError('42P01', ''))).toEqual({ type: 'StoreRefused', retryable: false });
  });

  it('is final, and says so, when the disk is full', () => {
    expect(typeOf(databaseError('53100', ''))).toEqual({ type: 'StoreRefused', retryable: false });
    expect(translateError(databaseError('53100', '')).message).toContain('run out of room');
  });

  it('is waited for where the log must be told, as long as somebody can mend it', () => {
    for (const code of ['53100', '28P01', '3D000', '42501'])
      expect(typeOf(databaseError(code, ''), translateUntilDone)).toEqual({
        type: 'StoreUnavailable',
        retryable: true,
      });
    expect(typeOf(databaseError('42P01', ''), translateUntilDone)).toEqual({
      type: 'StoreRefused',
      retryable: false,
    });
  });

  it('passes by itself when the connection is refused', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' });
    expect(typeOf(refused)).toEqual({ type: 'StoreUnavailable', retryable: true });
  });

  it('never takes along what the database said', () => {
    const error = databaseError('23505', 'Key (email)=(ann@example.com) already exists.');
    expect(translateError(error).message).not.toContain('ann@example.com');
    expect(databaseMessageOf(error)).toContain('ann@example.com');
  });
});

describe('an error of the source', () => {
  const sourceError = (retryable: boolean) =>
    new SourceError({ message: 'It broke.', phase: 'read', retryable, databaseMessage: 'cell "x1"' });

  it('is retried if it may pass', () => {
    expect(typeOf(sourceError(true))).toEqual({ type: 'SourceUnavailable', retryable: true });
  });

  it('is final if it may not', () => {
    expect(typeOf(sourceError(false))).toEqual({ type: 'QueryRefused', retryable: false });
    expect(typeOf(new TooManyRows({ rows: 6, maxRows: 5, query: 'main' }))).toEqual({
      type: 'QueryRefused',
      retryable: false,
    });
  });

  it('keeps what the database said for the log', () => {
    expect(translateError(sourceError(true)).message).toBe('It broke.');
    expect(databaseMessageOf(sourceError(true))).toBe('cell "x1"');
  });
});

it("leaves a failure that is said in Temporal's words already as it is", () => {
  const failure = ApplicationFailure.nonRetryable('Enough.', 'QueryRefused');
  expect(translateError(failure)).toBe(failure);
});
