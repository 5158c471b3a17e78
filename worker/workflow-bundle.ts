import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';
import { createHash } from 'node:crypto';
import { access, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodingFailureConverter } from '../encryption/data-converter.js';

const WORKFLOWS = fileURLToPath(new URL('../workflows/', import.meta.url));
/** `npm run build` puts them here, beside the compiled rooms. */
const BUILT = fileURLToPath(new URL('..', import.meta.url));

/** Where a checkout keeps the bundle that it made. */
const CACHE = fileURLToPath(new URL('../.inlet/cache/', import.meta.url));

/** Whether the failures of workflows can be read, or are put where a codec encrypts them (docs/encryption.md). */
export type Failures = 'plain' | 'encoded';

/** The names that bundles have in a build. */
export const bundleNames: Record<Failures, string> = {
  plain: 'workflow-bundle.js',
  encoded: 'workflow-bundle-encoded.js',
};

/**
 * Gives the path of the workflows' bundle. To make one takes seconds, so it is kept under the hash of what it is made
 * from, and older ones are removed.
 */
export async function workflowBundle(failures: Failures = 'plain', directory = CACHE): Promise<string> {
  const built = join(BUILT, bundleNames[failures]);
  if (await exists(built)) return built;
  const kind = failures === 'plain' ? 'workflows' : 'workflows-encoded';
  const name = `${kind}-${await hashOfWorkflows()}.js`;
  const bundle = join(directory, name);
  if (await exists(bundle)) return bundle;

  await mkdir(directory, { recursive: true });
  const aside = join(directory, `making-${failures}-${process.pid}.js`);
  await writeFile(aside, await makeWorkflowBundle(failures));
  await rename(aside, bundle);
  for (const other of await readdir(directory)) {
    if (/^(.*)-[0-9a-f]+\.js$/.exec(other)?.[1] === kind && other !== name)
      await rm(join(directory, other), { force: true });
  }
  return bundle;
}

/** @returns the code of a bundle, for `workflowBundle: { code }` or a file */
export async function makeWorkflowBundle(failures: Failures): Promise<string> {
  const { code } = await bundleWorkflowCode({
    // Sources in a checkout, compiled code in a build: whatever this file is.
    workflowsPath: join(WORKFLOWS, `index${extname(fileURLToPath(import.meta.url))}`),
    ...(failures === 'encoded' && { failureConverterPath: encodingFailureConverter }),
    logger: new DefaultLogger('WARN'),
  });
  return code;
}

/** Workflow code is the files of its room and the SDK. */
async function hashOfWorkflows(): Promise<string> {
  const hash = createHash('sha256');
  const sdk = createRequire(import.meta.url).resolve('@temporalio/workflow/package.json');
  const sources = (await readdir(WORKFLOWS, { recursive: true }))
    .filter((file) => /\.[jt]s$/.test(file))
    .sort();
  for (const file of [sdk, encodingFailureConverter, ...sources.map((source) => join(WORKFLOWS, source))]) {
    hash.update(`${file}\n`).update(await readFile(file));
  }
  return hash.digest('hex').slice(0, 16);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
