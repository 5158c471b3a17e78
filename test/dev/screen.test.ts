import { expect, it } from 'vitest';
import { Screen } from '../../dev/screen.js';

/** Collects what is written; a terminal of forty columns, or no terminal. */
function sink(isTTY: boolean) {
  const written: string[] = [];
  return { isTTY, columns: 40, written, write: (text: string) => written.push(text) > 0 };
}

it('without a terminal it writes plain lines, and what is being done only now and then', () => {
  const output = sink(false);
  const screen = new Screen(output, true);
  screen.doing('cli', 'building: 1 s');
  screen.doing('cli', 'building: 2 s');
  screen.done('cli', 'the CLI');
  screen.warn('something happened');
  expect(output.written).toEqual(['  … building: 1 s\n', '  ✔ the CLI\n', '  ! something happened\n']);
});

it('on a terminal the last line says what is being done, is written over, and does not wrap', () => {
  const output = sink(true);
  const screen = new Screen(output, false);
  screen.doing('postgres', 'starting PostgreSQL');
  screen.doing('cli', 'building the Temporal CLI with go');
  screen.done('postgres', 'PostgreSQL');
  screen.done('cli', 'the CLI');
  const clear = '\r\u001b[K';
  expect(output.written).toEqual([
    ...[clear, '  … starting PostgreSQL'],
    ...[clear, '  … starting PostgreSQL; building the T'],
    ...[clear, '  ✔ PostgreSQL\n', '  … building the Temporal CLI with go'],
    ...[clear, '  ✔ the CLI\n'],
  ]);
});

it('while everything is being stopped, other steps are not shown any more', () => {
  const output = sink(false);
  const screen = new Screen(output, false);
  screen.last('stop', 'stopping');
  screen.line('an import');
  screen.doing('worker', 'starting the worker');
  screen.done('worker', 'a worker');
  screen.done('stop', 'stopped');
  expect(output.written).toEqual(['  … stopping\n', '  ✔ stopped\n']);
});
