import { execa } from 'execa';
import { createServer } from 'node:http';
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { buildTemporalCli } from '../../dev/temporal-cli-build.js';
import { downloadTemporalCli } from '../../dev/temporal-cli-download.js';
import { findTemporalCli, type CliSource } from '../../dev/temporal-cli.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

let directory: string;

beforeEach(async () => {
  directory = await temporaryDirectory();
});

/** A program in a directory of its own, which holds nothing else. */
async function program(place: string, name: string, script: string): Promise<string> {
  const file = join(directory, place, name);
  await mkdir(join(directory, place), { recursive: true });
  await writeFile(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return file;
}

const works = 'echo "temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)"';
const broken = 'exit 1';

const nothingElse: CliSource[] = [];

describe('where the Temporal CLI is looked for', () => {
  it('INLET_TEMPORAL_CLI comes first', async () => {
    const configured = await program('configured', 'mine', works);
    await program('path', 'temporal', works);
    const searchPath = join(directory, 'path');
    expect(await findTemporalCli({ configured, searchPath, directory, sources: nothingElse })).toBe(
      configured,
    );
  });

  it('INLET_TEMPORAL_CLI that does not work is refused, though there is another', async () => {
    const configured = await program('configured', 'mine', broken);
    await program('path', 'temporal', works);
    const search = { configured, searchPath: join(directory, 'path'), directory, sources: nothingElse };
    await expect(findTemporalCli(search)).rejects.toThrow(`INLET_TEMPORAL_CLI names ${configured}`);
  });

  it('then PATH, where one that does not work is passed over', async () => {
    await program('first', 'temporal', broken);
    await program('second', 'temporal', 'echo "some other program called temporal"');
    await program('third', 'temporal', 'echo "temporal version 0.13.2 (Server 1.24.1, UI 2.27.2)"');
    const good = await program('fourth', 'temporal', works);
    await program('own', 'temporal', works);
    const search = {
      configured: undefined,
      searchPath: ['first', 'second', 'third', 'fourth']
        .map((place) => join(directory, place))
        .join(delimiter),
      directory: join(directory, 'own'),
      sources: nothingElse,
    };
    expect(await findTemporalCli(search)).toBe(good);
  });

  it('then what an earlier start has put into .inlet/bin', async () => {
    const own = await program('own', 'temporal', works);
    const search = { configured: undefined, searchPath: '', directory: join(directory, 'own') };
    expect(await findTemporalCli({ ...search, sources: nothingElse })).toBe(own);
  });

  it('then the sources in turn, and where none works one message names all of them and what to do', async () => {
    const fails = (name: string): CliSource => ({
      name,
      get: () => Promise.reject(new Error(`no ${name} here`)),
    });
    const works: CliSource = { name: 'third', get: () => Promise.resolve('/got/it') };
    const search = { configured: undefined, searchPath: undefined, directory };
    expect(await findTemporalCli({ ...search, sources: [fails('first'), fails('second'), works] })).toBe(
      '/got/it',
    );
    await expect(findTemporalCli({ ...search, sources: [fails('first'), fails('second')] })).rejects.toThrow(
      /- first: no first here\n- second: no second here\n.*INLET_TEMPORAL_CLI/s,
    );
  });

  it('one that is too old is named with the reason where no other can be had', async () => {
    const old = await program(
      'path',
      'temporal',
      'echo "temporal version 0.13.2 (Server 1.24.1, UI 2.27.2)"',
    );
    const search = {
      configured: undefined,
      searchPath: join(directory, 'path'),
      directory,
      sources: nothingElse,
    };
    await expect(findTemporalCli(search)).rejects.toThrow(`${old}: its server is 1.24, and Inlet needs 1.28`);
  });

  it('removes what a build or download that was killed has left, but not what another one is at', async () => {
    const longAgo = new Date(Date.now() - 2 * 3_600_000);
    for (const name of ['building-old', 'downloading-old', 'building-new'])
      await mkdir(join(directory, name));
    for (const name of ['building-old', 'downloading-old'])
      await utimes(join(directory, name), longAgo, longAgo);
    const got: CliSource = { name: 'got', get: () => Promise.resolve('/got/it') };
    await findTemporalCli({ configured: undefined, searchPath: '', directory, sources: [got] });
    expect(await readdir(directory)).toEqual(['building-new']);
  });
});

describe('the build with go', () => {
  /** Puts a program called go first on PATH. */
  async function withGo(script: string): Promise<void> {
    await program('go-path', 'go', script);
    const before = process.env['PATH'];
    process.env['PATH'] = `${join(directory, 'go-path')}${delimiter}${before ?? ''}`;
    onTestFinished(() => {
      process.env['PATH'] = before;
    });
  }

  it('is moved into place once it runs, and says how far it is', async () => {
    await withGo(
      `echo some/package >&2; printf '#!/bin/sh\\n${works}\\n' > "$GOBIN/temporal"; chmod +x "$GOBIN/temporal"`,
    );
    const said: string[] = [];
    const place = await buildTemporalCli(join(directory, 'bin'), (doing) => said.push(doing));
    expect(place).toBe(join(directory, 'bin', 'temporal'));
    expect(await readdir(join(directory, 'bin'))).toEqual(['temporal']);
    expect(said[0]).toMatch(/building the Temporal CLI with go/);
  });

  it('leaves nothing behind that could be taken for a CLI where it fails', async () => {
    await withGo('echo half > "$GOBIN/temporal"; echo "no space left on device" >&2; exit 1');
    const building = buildTemporalCli(join(directory, 'bin'), () => undefined);
    await expect(building).rejects.toThrow('no space left on device');
    expect(await readdir(join(directory, 'bin'))).toEqual([]);
  });

  it('stops when nobody waits for it any more', async () => {
    await withGo('exec sleep 60');
    const controller = new AbortController();
    const building = buildTemporalCli(join(directory, 'bin'), () => controller.abort(), controller.signal);
    await expect(building).rejects.toThrow();
    expect(await readdir(join(directory, 'bin'))).toEqual([]);
  });
});

describe('the download', () => {
  /** A host that answers as temporal.download does, with an archive that holds this script. */
  async function host(script: string): Promise<{ url: string; asked: string[] }> {
    await program('archive', 'temporal', script);
    const archive = join(directory, 'temporal.tar.gz');
    await execa('tar', ['-czf', archive, '-C', join(directory, 'archive'), 'temporal']);
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      if (request.url?.startsWith('/cli/')) {
        response.end(JSON.stringify({ archiveUrl: `${url}/temporal.tar.gz`, fileToExtract: 'temporal' }));
      } else {
        void readFile(archive).then((bytes) => response.end(bytes));
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`;
    return { url, asked };
  }

  it('asks for the CLI of our SDK and this platform, and takes it out of the archive', async () => {
    const { url, asked } = await host(works);
    const place = await downloadTemporalCli(join(directory, 'bin'), () => undefined, undefined, url);
    expect(place).toBe(join(directory, 'bin', 'temporal'));
    expect(await readdir(join(directory, 'bin'))).toEqual(['temporal']);
    expect(asked[0]).toMatch(
      /^\/cli\/default\?arch=\w+&platform=\w+&format=tar.gz&sdk-name=sdk-typescript&sdk-version=1\./,
    );
  });

  it('does not keep what does not run', async () => {
    const { url } = await host(broken);
    const downloading = downloadTemporalCli(join(directory, 'bin'), () => undefined, undefined, url);
    await expect(downloading).rejects.toThrow('does not run');
    expect(await readdir(join(directory, 'bin'))).toEqual([]);
  });

  it('says at once that the host cannot be reached', async () => {
    const downloading = downloadTemporalCli(directory, () => undefined, undefined, 'http://127.0.0.1:1');
    await expect(downloading).rejects.toThrow(/127\.0\.0\.1:1 can't be reached/);
  });
});
