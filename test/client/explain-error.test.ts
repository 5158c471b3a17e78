import { CommanderError } from 'commander';
import { ServiceError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ActivityFailure, ApplicationFailure, RetryState } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { failed, wrongUse } from '../../client/exit.js';
import { debugText, explainError, sourceSentence, withoutSecrets } from '../../client/explain-error.js';
import { explainStoreError, isLost, StoreNotPrepared } from '../../client/store-error.js';
import { ConfigError } from '../../config/config-error.js';
import { SourceError } from '../../sources/source-error.js';

describe('exit codes', () => {
  it.each([
    ['what failed', failed('no'), 1],
    ['wrong use', wrongUse('no'), 2],
    ['a file with mistakes', new ConfigError([{ file: 'inlet.yaml', message: 'no' }]), 2],
    ['a source that said no', new SourceError({ message: 'no', phase: 'connect', retryable: true }), 1],
    ['an unknown command', new CommanderError(1, 'commander.unknownCommand', 'no'), 2],
    ['no command at all', new CommanderError(1, 'commander.help', '(outputHelp)'), 2],
    ['help that was asked for', new CommanderError(0, 'commander.helpDisplayed', '(outputHelp)'), 0],
    ['the version', new CommanderError(0, 'commander.version', '0.1.0'), 0],
    ['anything else', new TypeError('x is undefined'), 1],
  ])('%s', async (_, error, exitCode) => {
    expect((await explainError(error)).exitCode).toBe(exitCode);
  });
});

describe('sentences', () => {
  it('say what the worker answered when it refused', async () => {
    const refused = ApplicationFailure.nonRetryable('The query has no column "id".', 'DefinitionRefused');
    const activity = new ActivityFailure(
      'Activity task failed',
      'defineSync',
      '1',
      RetryState.NON_RETRYABLE_FAILURE,
      'w',
      refused,
    );
    const error = new WorkflowUpdateFailedError('Workflow Update failed', activity);
    expect((await explainError(error)).message).toBe('The query has no column "id".');
  });

  it('add what the database said of a query, and where, for who asked to see rows', () => {
    const error = new SourceError({
      message: 'The query is not valid.',
      phase: 'describe',
      retryable: false,
      databaseMessage: 'syntax error at or near "FORM"',
      position: { line: 2, column: 5 },
    });
    expect(sourceSentence(error, true)).toBe(
      'The query is not valid. The database says: syntax error at or near "FORM" (line 2, column 5 of the query)',
    );
  });

  it('keep to themselves what the database said while it read rows', async () => {
    const error = new SourceError({
      message: 'The query broke off.',
      phase: 'read',
      retryable: false,
      databaseMessage: 'invalid input syntax for type integer: "secret"',
    });
    expect((await explainError(error)).message).toBe('The query broke off.');
  });

  it('say that the server went away', async () => {
    const gone = Object.assign(new Error('14 UNAVAILABLE'), { code: 14, details: '', metadata: {} });
    expect(
      (await explainError(new ServiceError('Failed to query Workflow', { cause: gone }))).message,
    ).toContain('went away');
  });

  it('never show credentials, not even of what nobody foresaw', async () => {
    const error = new Error('bad url postgres://bob:x/y@hunter2@db.example/crm?password=hunter2');
    expect((await explainError(error)).message).not.toContain('hunter2');
    expect(debugText(new Error('outer', { cause: error }))).toMatch(/bad url postgres:\/\/…@db.example[^]*/);
    expect(debugText(new Error('outer', { cause: error }))).not.toContain('hunter2');
  });

  it('leave everything else of a message as it was', () => {
    expect(withoutSecrets('The token of line 3 is odd: see https://temporal.io/docs')).toBe(
      'The token of line 3 is odd: see https://temporal.io/docs',
    );
  });
});

describe('errors of the store', () => {
  const url = 'postgres://bob:hunter2@db.example:6432/inlet';
  const coded = (code: string) => Object.assign(new Error('whatever hunter2'), { code });

  it.each([
    ['ECONNREFUSED', "Can't reach the store at db.example:6432/inlet (ECONNREFUSED)"],
    ['28P01', 'Could not log in to the store at db.example:6432/inlet'],
    ['3D000', 'has no such database'],
    ['42P01', 'No worker has prepared the store at db.example:6432/inlet yet'],
  ])('%s', (code, sentence) => {
    const explained = explainStoreError(coded(code), url);
    expect(explained).toBeInstanceOf(Error);
    const message = explained instanceof Error ? explained.message : '';
    expect(message).toContain(sentence);
    expect(message).not.toContain('hunter2');
  });

  it('tell a store that may come back from one that is not prepared', () => {
    expect(isLost(coded('ECONNREFUSED'))).toBe(true);
    expect(isLost(coded('57P03'))).toBe(true);
    expect(isLost(coded('42P01'))).toBe(false);
    expect(explainStoreError(coded('42P01'), url)).toBeInstanceOf(StoreNotPrepared);
  });
});
