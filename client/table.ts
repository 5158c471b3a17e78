import Table from 'cli-table3';

export interface TableColumn {
  head: string;
  align?: 'left' | 'right';
}

const noBorder = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/**
 * Columns side by side, without lines and without trailing space.
 *
 * @param rows cells that are fit for the terminal already (`visible`)
 */
export function tableText(columns: readonly TableColumn[], rows: readonly (readonly string[])[]): string {
  const table = new Table({
    head: columns.map((column) => column.head),
    colAligns: columns.map((column) => column.align ?? 'left'),
    chars: noBorder,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(...rows.map((row) => [...row]));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Names on the left, what they are on the right; a pair without text is left out. */
export function pairsText(
  pairs: readonly (readonly [name: string, text: string | null | undefined])[],
): string {
  const shown = pairs.filter(
    (pair): pair is readonly [string, string] => pair[1] !== null && pair[1] !== undefined,
  );
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown
    .map(([name, text]) => `  ${name.padEnd(width)}  ${text.split('\n').join(`\n  ${' '.repeat(width)}  `)}`)
    .join('\n');
}
