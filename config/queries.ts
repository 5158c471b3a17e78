import { dirname, join, isAbsolute } from 'node:path';
import type { ConfigProblem, FilePlace } from './config-error.js';
import { near } from './near.js';
import { readTextFile } from './text-file.js';
import { isMapping, type Path } from './plain-data.js';
import { shown, where } from './wording.js';
import type { YamlDocument } from './yaml-document.js';

/** A definition travels through Temporal, whose payloads are bounded. */
const mostBytes = 256 * 1024;
/** As the sources take it, and an unclosed one. */
const placeholder = /\{\{(?:([^{}]*)\}\}|\s*[A-Za-z_]\w*)/g;

export interface WrittenQuery {
  text: string;
  /** Where its nth `{{…}}` is, counted from 0. */
  placeholderAt: (nth: number) => FilePlace;
}

/** The queries of one sync; one is absent if the file has none, or none that can be used. */
export interface SyncQueries {
  main?: WrittenQuery;
  relationships?: WrittenQuery;
}

/**
 * The queries of each sync, from `query` or from the file that `queryFile` names.
 *
 * @param isMeant tells of a key that was misspelled, which needn't be said to be missing
 * @returns the queries by the sync's name, and what is wrong with them
 */
export async function readQueries(
  document: YamlDocument,
  isMeant: (path: Path) => boolean,
): Promise<{ queries: Map<string, SyncQueries>; problems: ConfigProblem[] }> {
  const queries = new Map<string, SyncQueries>();
  const problems: ConfigProblem[] = [];
  const syncs = isMapping(document.value) ? document.value.syncs : undefined;
  for (const [name, sync] of isMapping(syncs) ? Object.entries(syncs) : []) {
    if (!isMapping(sync)) continue;
    const path = ['syncs', name];
    const main = await readQuery(document, path, sync, isMeant);
    const related = isMapping(sync.relationships)
      ? await readQuery(document, [...path, 'relationships'], sync.relationships, isMeant)
      : { problems: [] };
    problems.push(
      ...main.problems,
      ...related.problems,
      ...mirrorProblems(document, path, sync, main.query?.text),
    );
    queries.set(name, {
      ...(main.query !== undefined && { main: main.query }),
      ...(related.query !== undefined && { relationships: related.query }),
    });
  }
  return { queries, problems };
}

interface ReadQuery {
  query?: WrittenQuery;
  problems: ConfigProblem[];
}

/** @param section the mapping at that path, which has the keys `query` or `queryFile` */
async function readQuery(
  document: YamlDocument,
  path: Path,
  section: Record<string, unknown>,
  isMeant: (path: Path) => boolean,
): Promise<ReadQuery> {
  const { file } = document;
  const problem = (position: { line: number; column: number }, message: string) => ({
    problems: [{ file, ...position, message }],
  });

  const { query, queryFile } = section;
  if (query !== undefined && queryFile !== undefined) {
    const position = document.positionOfKey([...path, 'queryFile']);
    return problem(position, `${where(path)} has both query and queryFile. Keep one of them.`);
  }
  if (query === undefined && queryFile === undefined) {
    if (isMeant([...path, 'query']) || isMeant([...path, 'queryFile'])) return { problems: [] };
    const message = `${where(path)} has no query. Write it below "query: |", or name its file with queryFile.`;
    return problem(document.positionOfKey(path), message);
  }
  if (typeof query === 'string') {
    const at = [...path, 'query'];
    const placeholderAt = (nth: number) => ({ file, ...document.positionOfMatch(at, placeholder, nth) });
    return {
      query: { text: query, placeholderAt },
      problems: queryProblems(query, where(at)).map(({ nth, message }) => ({
        ...(nth === undefined ? { file, ...document.positionOf(at) } : placeholderAt(nth)),
        message,
      })),
    };
  }
  if (typeof queryFile !== 'string' || queryFile === '') return { problems: [] }; // the schema has said so

  const sqlFile = isAbsolute(queryFile) ? queryFile : join(dirname(file), queryFile);
  const read = await readTextFile(sqlFile);
  if ('problem' in read) {
    const subject = `${where([...path, 'queryFile'])}: ${sqlFile}`;
    return problem(document.positionOf([...path, 'queryFile']), `${subject} ${read.problem}`);
  }
  const { text } = read;
  const placeholderAt = (nth: number) => ({
    file: sqlFile,
    ...positionInText(text, [...text.matchAll(placeholder)][nth]?.index ?? 0),
  });
  return {
    query: { text, placeholderAt },
    problems: queryProblems(text, `The query of ${where(path)}`).map(({ nth, message }) => ({
      ...(nth === undefined ? { file: sqlFile } : placeholderAt(nth)),
      message,
    })),
  };
}

/** Whoever is not in the result would leave, though only what changed is asked for (docs/semantics.md, "Segments"). */
function mirrorProblems(
  document: YamlDocument,
  path: Path,
  { segment }: Record<string, unknown>,
  query: string | undefined,
): ConfigProblem[] {
  const mirrors = isMapping(segment) && segment.mirror === true;
  if (!mirrors || query === undefined || !asksForChanges(query)) return [];
  const at = [...path, 'segment', 'mirror'];
  const message = `${where(at)}: the query has {{last_sync_time}}, so it asks for what changed, and people who are not in its result need not be gone. Ask for everybody, or remove mirror.`;
  return [{ file: document.file, ...document.positionOf(at), message }];
}

const asksForChanges = (query: string) =>
  [...query.matchAll(placeholder)].some(([, word]) => word?.trim() === 'last_sync_time');

/** `nth` counts the placeholders from 0, where a problem is with one of them. */
function queryProblems(query: string, subject: string): { nth?: number; message: string }[] {
  if (query.trim() === '') return [{ message: `${subject} is empty.` }];
  if (query.includes('\0')) return [{ message: `${subject} holds a NUL character. Remove it.` }];
  if (Buffer.byteLength(query) > mostBytes) {
    return [{ message: `${subject} is longer than 256 KiB. Put a part of it into a view of the database.` }];
  }
  return [...query.matchAll(placeholder)].flatMap(([whole, word], nth) => {
    if (word?.trim() === 'last_sync_time') return [];
    const what = shown(whole).replaceAll('"', '') || 'a {{…}}';
    const advice = word === undefined ? 'Close it with }}.' : adviceFor(word.trim());
    return [{ nth, message: `${subject} holds ${what}; only {{last_sync_time}} is filled in. ${advice}` }];
  });
}

function adviceFor(word: string): string {
  return near(word, ['last_sync_time']).length > 0
    ? 'Did you mean {{last_sync_time}}?'
    : 'If it is text or an array, write "{ {".';
}

function positionInText(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
