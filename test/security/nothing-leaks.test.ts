import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { rawTemporal, type RawTemporal } from '../support/raw-temporal.js';
import { cells, credentials, databases, ends, plantWorkspace, storeTrigger } from './planted-workspace.js';
import type { PlantedWorkspace } from './planted-workspace.js';

/*
 * docs/security.md, "What is kept where": rows and credentials are planted wherever something could quote them, a workspace
 * is used as users do, and then all that was written is searched.
 */

const REASON = 'for a reason of ours';
let planted: PlantedWorkspace;
/** All that commands wrote whose purpose is not to show rows. */
let said = '';
let workerSaid = '';
let served = '';
let processes = '';
let kept = '';
let temporal: RawTemporal;

beforeAll(async () => {
  planted = await plantWorkspace();
  const { inlet, listen } = planted;
  await inlet.startWorker();
  await inlet.store.query(storeTrigger);
  const command = async (...words: string[]) => {
    const { stdout, stderr } = await inlet.inlet(...words);
    said += `$ inlet ${words.join(' ')}\n${stdout}${stderr}`;
  };
  await command('apply');
  for (const database of databases)
    for (const [sync, status] of Object.entries(ends))
      await inlet.untilStatus(`${database}-${sync}`, 1, status);
  const triggered = command('trigger', 'crm-midstream', '--wait');
  processes = await commandLines();
  await triggered;
  await command('pause', 'crm-rows', '--reason', REASON);
  for (const sync of ['crm-rows', 'crm-cast', 'warehouse-raised', 'cluster-midstream']) {
    await command('status', sync);
    await command('imports', sync, '--json');
    await command('review', sync);
  }
  for (const words of [
    'check',
    'list',
    'list --json',
    'alerts',
    'segments',
    'cancel crm-rows',
    'accept crm-rows 1',
  ])
    await command(...words.split(' '));
  await command('apply', 'crm-planned', 'warehouse-planned', 'cluster-planned');
  await vi.waitFor(() => expect(planted.webhooks.accepted().length).toBeGreaterThan(10), { timeout: 60_000 });
  for (const path of ['metrics', 'healthz', 'readyz'])
    served += await (await fetch(`http://${listen}/${path}`)).text();
  temporal = await rawTemporal(inject('temporalAddress'), inlet.env.INLET_TASK_QUEUE ?? '');
  ({ stderr: workerSaid } = await inlet.stopWorker());
  const database = inject('temporalDatabase');
  for (const part of [database, `${database}-wal`]) kept += await readFile(part, 'latin1').catch(() => '');
}, 600_000);
afterAll(() => planted.close());

const finds = (text: string) =>
  [...Object.values(cells), ...Object.values(credentials)].filter((each) => text.includes(each));

describe('a cell stands', () => {
  it.each(
    databases.flatMap((database) =>
      ['cast', 'midstream', 'raised', 'stored'].map((kind) => [database, kind] as const),
    ),
  )('in the import log, where a database quotes it: %s, %s', async (database, kind) => {
    const { rows } = await planted.inlet.store.query<{ said: string }>(
      `SELECT database_message AS said FROM inlet.import JOIN inlet.sync USING (sync_id) WHERE sync.name = $1 AND number = 1`,
      [`${database}-${kind}`],
    );
    expect(finds(rows[0]?.said ?? '')).toEqual([cells[kind as keyof typeof cells]]);
  });

  it('in the workspace and in the failures', async () => {
    const { rows } = await planted.inlet.store.query<{ text: string }>(
      'SELECT p::text AS text FROM inlet.people p UNION ALL SELECT f::text FROM inlet.import_failures f',
    );
    expect(finds(rows.map(({ text }) => text).join())).toEqual([cells.cell, cells.failed]);
  });

  it.each(databases)(
    'in what preview says of a query of %s, as it does in the rows that it shows',
    async (database) => {
      const { stderr } = await planted.inlet.inlet('preview', `${database}-planned`);
      expect(finds(stderr)).toEqual([cells.planned]);
    },
  );
});

describe('no cell and no credential stands', () => {
  it("in Temporal's histories, details, memos and search attributes", () => {
    const { ids, plain, bytes } = temporal;
    expect(ids.size).toBeGreaterThan(20);
    expect(bytes.includes(REASON)).toBe(true);
    expect(finds(`${bytes.toString('latin1')}${[...plain].join()}`)).toEqual([]);
  });

  it("in the file in which Temporal's server keeps what it was told", () => {
    expect(kept).toContain(REASON);
    expect(finds(kept)).toEqual([]);
  });

  it("in the worker's log, to its last detail", () => {
    expect(workerSaid).toContain('"level":20');
    expect(workerSaid).toContain('SQLSTATE 22P02');
    expect(finds(workerSaid)).toEqual([]);
  });

  it('in what commands say', () => {
    expect(said).toContain('SQLSTATE 22P02');
    expect(said).toContain('crm-planned: refused');
    expect(finds(said)).toEqual([]);
  });

  it('in what the worker serves', () => {
    expect(served).toContain('inlet_rows_total');
    expect(served).toContain('"status":"ready"');
    expect(finds(served)).toEqual([]);
  });

  it('in traces', () => {
    expect(planted.otlp.spans.length).toBeGreaterThan(50);
    expect(finds(planted.otlp.bytes().toString('latin1'))).toEqual([]);
  });

  it('in alerts, but for the URL that they go to', () => {
    const received = planted.webhooks.accepted();
    expect(received.map(({ body }) => body).join()).toContain('SQLSTATE 22P02');
    expect(finds(JSON.stringify(received))).toEqual([]);
  });

  it('in files that are left behind', async () => {
    const entries = await readdir(planted.inlet.directory, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    expect(files.map(({ name }) => name)).toContain('inlet.yaml');
    for (const { parentPath, name } of files)
      expect([name, finds(await readFile(join(parentPath, name), 'latin1'))]).toEqual([name, []]);
  });

  it('in the command lines of processes', () => {
    expect(processes).toContain('crm-midstream');
    expect(finds(processes)).toEqual([]);
  });
});

/** Of every process of this machine, as anybody on it can read them. */
async function commandLines(): Promise<string> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')));
  return lines.join('\n').replaceAll('\0', ' ');
}
