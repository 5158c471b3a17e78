import { describe, expect, it } from 'vitest';
import { quotedPlaceholders } from '../../sources/quoted-placeholders.js';

describe('{{last_sync_time}}', () => {
  it.each([
    'SELECT {{last_sync_time}} AS "id"',
    "SELECT 'a' AS id, {{ last_sync_time }}, 'b'",
    'SELECT 1 AS id -- since "{{last_sync_time}}"',
    "SELECT 1 AS id /* '{{last_sync_time}}' */",
    "SELECT 'it''s' AS id, {{last_sync_time}}",
  ])('outside of quotes is as it should be: %s', (query) => {
    expect(quotedPlaceholders(query)).toEqual([]);
  });

  it('inside a quoted name is told of, with its line', () => {
    expect(quotedPlaceholders('SELECT 1 AS id,\n  2 AS "since {{last_sync_time}}"')).toEqual([
      expect.stringContaining('in line 2 of the query is inside a quoted name'),
    ]);
  });

  it.each([
    "SELECT '{{last_sync_time}}' AS id",
    "SELECT E'\\'{{last_sync_time}}' AS id",
    'SELECT $$ {{last_sync_time}} $$ AS id',
    'SELECT $a$ $$ {{last_sync_time}} $a$ AS id',
  ])('inside a quoted text is told of: %s', (query) => {
    expect(quotedPlaceholders(query)).toEqual([expect.stringContaining('inside a quoted text')]);
  });
});
