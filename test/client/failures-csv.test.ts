import { text } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { failuresCsv, withoutFormula } from '../../client/failures-csv.js';
import type { FailureRecord } from '../../store/records.js';

const failure: FailureRecord = {
  query: 'main',
  rowNumber: 17,
  key: '42',
  column: 'email',
  value: 'not an email',
  reason: 'invalid_email',
  message: 'The email is not valid.',
  collidesWith: null,
  written: 'attributes',
  row: '{"id": 12345678901234567890, "email": "not an email"}',
};

async function csv(...failures: FailureRecord[]): Promise<string> {
  return text(Readable.from(failures).pipe(failuresCsv()));
}

describe('failures as CSV', () => {
  it('have one line each, with the row as it came', async () => {
    expect(await csv(failure)).toBe(
      'query,row_number,key,reason,message,column,value,collides_with,written,row\n' +
        'main,17,42,invalid_email,The email is not valid.,email,not an email,,attributes,' +
        '"{""id"": 12345678901234567890, ""email"": ""not an email""}"\n',
    );
  });

  it('have the line of names even if there are none', async () => {
    expect(await csv()).toBe('query,row_number,key,reason,message,column,value,collides_with,written,row\n');
  });

  it('quote values with line breaks, commas and quotes', async () => {
    const lines = await csv({ ...failure, value: 'a\r\nb', key: 'c,"d"', collidesWith: 'e\rf' });
    expect(lines).toContain('"c,""d"""');
    expect(lines).toContain('"a\r\nb"');
    expect(lines).toContain('"e\rf"');
  });

  it('tell NULL from the empty text', async () => {
    expect(await csv({ ...failure, value: null })).toContain(',email,,,attributes,');
    expect(await csv({ ...failure, value: '' })).toContain(',email,"",,attributes,');
  });

  it.each([
    '=1+1',
    '+49 170',
    '-2+3',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    '\n=1',
    '=cmd|calc',
    '\uFF1D1',
    '+5a',
    '+',
    '-',
    '-.',
    '-1-1',
    '-Infinity',
  ])('make %j harmless', (value) => {
    expect(withoutFormula(value)).toBe(`'${value}`);
  });

  it.each(['-5', '+5', '-5.25', '-1e-7', '+.5', '-007', '0', '5', '-0.1', "'x", 'a=b', ' =1', ''])(
    'leave %j alone',
    (value) => {
      expect(withoutFormula(value)).toBe(value);
    },
  );
});
