import { execa } from 'execa';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { whyUnusable } from './temporal-cli-check.js';

/** The newest version without a replace directive in its go.mod, which `go install` refuses. */
const MODULE = 'github.com/temporalio/cli/cmd/temporal@v1.5.1';

/**
 * Builds the CLI with `go install`: three to four minutes where nothing of it is in go's cache. It is built aside and
 * moved into place once it runs, so that a build that was broken off leaves nothing that looks finished.
 */
export async function buildTemporalCli(
  directory: string,
  onProgress: (doing: string) => void,
  signal?: AbortSignal,
): Promise<string> {
  await mkdir(directory, { recursive: true });
  const aside = await mkdtemp(join(directory, 'building-'));
  const started = Date.now();
  let packages = 0;
  const report = () => {
    const seconds = Math.round((Date.now() - started) / 1000);
    const done = packages === 0 ? '' : `, ${packages} packages`;
    onProgress(
      `building the Temporal CLI with go (three to four minutes the first time): ${seconds} s${done}`,
    );
  };
  const timer = setInterval(report, 1000);
  try {
    report();
    const build = execa('go', ['install', '-v', MODULE], {
      env: { GOBIN: aside, GOFLAGS: '-mod=mod' },
      cwd: aside,
      stdin: 'ignore',
      all: true,
      reject: false,
      ...(signal && { cancelSignal: signal }),
      forceKillAfterDelay: 5_000,
    });
    for await (const line of build.iterable({ from: 'all' })) {
      // -v names each package as it is compiled, and each module as it is downloaded.
      if (!line.startsWith('go:')) packages += 1;
    }
    const { failed, code, all } = await build;
    if (code === 'ENOENT') throw new Error('go is not installed.');
    if (failed) throw new Error(`"go install ${MODULE}" failed: ${all.split('\n').slice(-5).join('\n')}`);
    const built = join(aside, 'temporal');
    const problem = await whyUnusable(built);
    if (problem !== null) throw new Error(`what "go install ${MODULE}" built does not run: ${problem}`);
    const place = join(directory, 'temporal');
    await rename(built, place);
    return place;
  } finally {
    clearInterval(timer);
    await rm(aside, { recursive: true, force: true });
  }
}
