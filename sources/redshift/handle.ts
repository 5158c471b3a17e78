import { z } from 'zod';
import type { Column, QueryName } from '../source.js';
import type { Running } from './run-batch.js';

/** What an attempt leaves for the next: which submission it is, what runs, and the columns that it gives. */
export interface Handle {
  /** Raised after one that failed. */
  number: number;
  running: Running;
  columns: [QueryName, Column[]][];
}

const column = z.object({
  name: z.string(),
  type: z.enum([
    'boolean',
    'bigint',
    'numeric',
    'real',
    'double precision',
    'date',
    'timestamp',
    'timestamptz',
    'json',
    'text',
  ]),
  array: z.boolean(),
  sourceType: z.string(),
});
const queryName = z.enum(['main', 'relationships']);
const handle = z.object({
  number: z.int(),
  running: z.object({
    id: z.string(),
    isLimited: z.boolean(),
    results: z.object({ main: z.string().exactOptional(), relationships: z.string().exactOptional() }),
  }),
  columns: z.array(z.tuple([queryName, z.array(column)])),
});

export const writeHandle = (value: Handle): string => JSON.stringify(value);

/** @returns undefined if there is none, or one that an earlier version has written otherwise */
export function readHandle(text: string | undefined): Handle | undefined {
  if (text === undefined) return undefined;
  const parsed = handle.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : undefined;
}
