import { describe, expect, it } from 'vitest';
import { isBlank, readQueryText } from '../../../sources/postgres/query-text.js';

const statementOf = (query: string) => readQueryText(query).statement;

describe('the semicolon that a query ends in', () => {
  it.each([
    ['SELECT 1;', 'SELECT 1'],
    ['SELECT 1 ; \n', 'SELECT 1 '],
    ['SELECT 1;;', 'SELECT 1'],
    ['SELECT 1; -- that is all; really', 'SELECT 1'],
    ['SELECT 1; /* the end; /* nested; */ */ ', 'SELECT 1'],
  ])('is taken away from %j with what follows it', (query, statement) => {
    expect(statementOf(query)).toBe(statement);
  });

  it.each([
    'SELECT 1',
    'SELECT 1 -- no; end',
    'SELECT 1 /* ; */',
    "SELECT ';'",
    "SELECT 'it''s;'",
    "SELECT E'\\';'",
    "SELECT E'a'\n'\\';'",
    "SELECT e'a''\\';'",
    'SELECT ";"',
    'SELECT $$;$$',
    'SELECT $tag$ $$; $tag$',
    'SELECT $é$;$é$',
    "SELECT U&'d;'",
    "SELECT '\\'||';'",
  ])('is not one in %j', (query) => {
    expect(readQueryText(query)).toEqual({
      statement: query,
      parameterAt: undefined,
      secondStatementAt: undefined,
    });
  });

  it('is not taken away where something follows', () => {
    const query = 'SELECT 1; SELECT 2;';
    expect(readQueryText(query)).toMatchObject({ statement: query, secondStatementAt: 10 });
  });
});

describe('a parameter', () => {
  it.each([
    ['SELECT $1', 7],
    ['SELECT a FROM b WHERE c=$12 AND d=$1', 24],
    ["SELECT '$1', $2", 13],
  ])('is found in %j', (query, at) => {
    expect(readQueryText(query).parameterAt).toBe(at);
  });

  it.each([
    "SELECT '$1'",
    'SELECT a$1 FROM b',
    'SELECT "$1"',
    'SELECT $$ $1 $$',
    'SELECT 1 -- $1',
    '/* $1 */',
  ])('is not one in %j', (query) => {
    expect(readQueryText(query).parameterAt).toBeUndefined();
  });
});

describe('a query without a statement', () => {
  it.each(['', ' \n\t', ';', '-- nothing', '/* nothing /* at all */ */ ; -- really'])('is %j', (query) => {
    expect(isBlank(query)).toBe(true);
  });

  it.each(['a', "''", '/* a */ b', '-- a\nb'])('is not %j', (query) => {
    expect(isBlank(query)).toBe(false);
  });
});
