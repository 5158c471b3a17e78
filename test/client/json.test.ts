import { describe, expect, it } from 'vitest';
import { cellText, jsonMembers } from '../../client/json-members.js';
import { jsonText, RawJson } from '../../client/json.js';

describe('JSON output', () => {
  it('passes raw JSON through digit by digit', () => {
    const row = new RawJson('{"id": 12345678901234567890123, "price": 1.10}');
    expect(jsonText({ row }, 0)).toBe('{"row":{"id": 12345678901234567890123, "price": 1.10}}');
  });

  it('keeps one value on one line, even if raw JSON came with line feeds', () => {
    expect(jsonText({ row: new RawJson('{"a":\r\n 1}') }, 0)).toBe('{"row":{"a":  1}}');
  });

  it('lays a document out to be read', () => {
    const value = { a: [1, 'x'], b: {}, c: [], at: new Date(0), gone: undefined, none: null };
    expect(jsonText(value, 2)).toBe(
      '{\n  "a": [\n    1,\n    "x"\n  ],\n  "b": {},\n  "c": [],\n  "at": "1970-01-01T00:00:00.000Z",\n  "none": null\n}',
    );
  });

  it('escapes the control characters that JSON allows as they are', () => {
    const text = jsonText({ value: 'a\u009b2J\u007f\u202e', raw: new RawJson('"\u009b"') }, 0);
    expect(text).toBe('{"value":"a\\u009b2J\\u007f\\u202e","raw":"\\u009b"}');
  });
});

describe('members of a JSON object', () => {
  it('come in their order with their text unchanged', () => {
    const text = ' { "b" : 1.50 , "10":-0 , "2": 12345678901234567890, "t": [1,{"x":"}"}] ,"n":null }';
    expect(jsonMembers(text)).toEqual([
      ['b', '1.50'],
      ['10', '-0'],
      ['2', '12345678901234567890'],
      ['t', '[1,{"x":"}"}]'],
      ['n', 'null'],
    ]);
  });

  it('may be strings with quotes, commas, braces and escapes', () => {
    const text = '{"a\\"b":"x\\\\","c":"}, \\"d\\": {","e\\u0020f":"\\n"}';
    expect(jsonMembers(text).map(([name, value]) => [name, cellText(value)])).toEqual([
      ['a"b', 'x\\'],
      ['c', '}, "d": {'],
      ['e f', '\n'],
    ]);
  });

  it('may be none', () => {
    expect(jsonMembers('{ }')).toEqual([]);
  });
});
