import type pg from 'pg';
import { until } from '../support/until.js';
import { addCompanies, emptyFloor, runFloor } from './floor.js';
import { emptyStore, runImport, type Product, type Run } from './product.js';
import { WIDE_ROWS } from './source-data.js';
import { floorSubjectOf, people, variantOf, type Step, type Subject } from './subjects.js';

/** All that steps are measured with; the clients are the superuser's, each in its database of the one server. */
export interface Bench {
  product: Product;
  source: pg.Client;
  floor: pg.Client;
  say: (line: string) => void;
}

/** One step of one subject at one size, measured in one round. */
export interface Sample {
  subject: Subject['name'];
  step: Step;
  rows: number;
  floorSeconds: number;
  run: Run;
}

/** Goes through a subject's steps so many times, each time from an empty workspace and an empty floor. */
export async function measureSteps(
  bench: Bench,
  subject: Subject,
  size: number,
  rounds: number,
): Promise<Sample[]> {
  const rows = subject.name === 'wide' ? Math.min(size, WIDE_ROWS) : size;
  const samples: Sample[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    await beginAnew(bench, subject, rows);
    for (const step of subject.steps) {
      await showRows(bench.source, subject.name, subject.view(variantOf[step], rows));
      const ofFloor = floorSubjectOf(subject);
      if (ofFloor !== subject)
        await showRows(bench.source, ofFloor.name, ofFloor.view(variantOf[step], rows));
      const measureFloor = async () => {
        await quiet(bench);
        return await runFloor(bench, `${ofFloor.name}_rows`, subject);
      };
      const measureRun = async () => {
        await quiet(bench);
        return await runImport(bench.product, subject.name);
      };
      // Whoever is first finds the source's rows less warm: it is the other one's turn each round.
      const floorFirst = round % 2 === 1;
      const before = floorFirst ? await measureFloor() : null;
      const run = await measureRun();
      const floorSeconds = before ?? (await measureFloor());
      mustBeRight(subject, step, rows, run);
      samples.push({ subject: subject.name, step, rows, floorSeconds, run });
      bench.say(
        `${subject.name} ${rows}, ${step}: ${run.seconds.toFixed(2)} s, floor ${floorSeconds.toFixed(2)} s, ${(run.seconds / floorSeconds).toFixed(2)}`,
      );
    }
  }
  return samples;
}

/** The view that a sync reads. */
export const showRows = (source: pg.Client, subject: string, select: string): Promise<unknown> =>
  source.query(`CREATE OR REPLACE VIEW ${subject}_rows AS ${select}`);

async function beginAnew(bench: Bench, { needs }: Subject, rows: number): Promise<void> {
  const { product, source, floor } = bench;
  await emptyStore(product.store);
  await emptyFloor(floor);
  if (needs.includes('companies')) await addCompanies(floor);
  if (needs.includes('people')) await loadPeople({ product, source, floor }, rows);
}

async function loadPeople(bench: Pick<Bench, 'product' | 'source' | 'floor'>, rows: number): Promise<void> {
  await showRows(bench.source, 'people', people.view('same', rows));
  await runFloor(bench, 'people_rows', people);
  await runImport(bench.product, 'people');
}

/** Nothing that the step before left to do shall fall into the next: autovacuum's work, and the checkpoint's. */
async function quiet({ product: { store }, floor }: Bench): Promise<void> {
  await store.query('VACUUM (ANALYZE) inlet.person, inlet.object, inlet.relationship');
  await floor.query('VACUUM (ANALYZE) person, object, relationship');
  await store.query('CHECKPOINT');
}

/** A figure of an import that did something else than it should is no figure. */
function mustBeRight({ name }: Subject, step: Step, rows: number, { outcomes }: Run): void {
  if (name === 'contested') return;
  const [added, changed, unchanged] =
    name === 'relationships'
      ? ['related', 'changed', 'relationships_unchanged']
      : ['added', 'updated', 'unchanged'];
  const few = Math.floor(rows / 1000);
  const expected: Record<Step, [string, number]> = {
    'first load': [added, rows],
    unchanged: [unchanged, rows],
    '0.1 % changed': [changed, few],
    'every row changed': [changed, rows],
  };
  const [outcome, count] = expected[step];
  if (outcomes[outcome] !== count)
    throw new Error(`${name}, ${step}: ${count} rows should be ${outcome}: ${JSON.stringify(outcomes)}`);
}

/** The first imports, which find nothing. */
export async function firstImportsEnded(
  { product: { store } }: Pick<Bench, 'product'>,
  count: number,
): Promise<void> {
  await until('Every sync has had its first import', async () => {
    const { rowCount } = await store.query('SELECT FROM inlet.import WHERE ended_at IS NOT NULL');
    return (rowCount ?? 0) >= count;
  });
}
