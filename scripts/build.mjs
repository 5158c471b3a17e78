import { spawnSync } from 'node:child_process';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { bundleCommands } from './bundle-commands.mjs';

// npm run build: compiles into dist/, beside what the compiled code reads: migrations, and the workflows' bundle.
const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');

rmSync(dist, { recursive: true, force: true });
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
if (status !== 0) process.exit(1);

cpSync(join(root, 'store', 'migrations'), join(dist, 'store', 'migrations'), { recursive: true });
const converter = 'encoding-failure-converter.cjs';
cpSync(join(root, 'encryption', converter), join(dist, 'encryption', converter));
const { bundleNames, makeWorkflowBundle } = await import(
  new URL('../dist/worker/workflow-bundle.js', import.meta.url).href
);
for (const [failures, name] of Object.entries(bundleNames)) {
  writeFileSync(join(dist, name), await makeWorkflowBundle(failures));
}

// What completion in a shell reads, so that pressing a key loads no command.
const { makeCommandTree } = await import(new URL('../dist/client/complete-words.js', import.meta.url).href);
writeFileSync(join(dist, 'command-tree.json'), JSON.stringify(await makeCommandTree()));

await bundleCommands(dist);
