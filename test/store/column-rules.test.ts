import { expect, it } from 'vitest';
import { checkColumns } from '../../store/column-rules.js';
import { column } from '../support/store-import.js';

it('a column whose name has bytes that are not UTF-8 is refused, and told by its place', () => {
  const columns = ['id', 'c\uFFFD', 'name'].map((name) => column(name));
  const { problems } = checkColumns({ kind: 'people', identifyBy: 'id' }, { identifiers: ['id'] }, columns);
  expect(problems).toEqual([
    'The name of column 2, "c\uFFFD", has bytes that are not UTF-8. Rename it with AS.',
  ]);
});
