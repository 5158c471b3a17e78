import { fileURLToPath } from 'node:url';
import { installWhatIsMissing } from './install.mjs';

// npm test [-- <what vitest takes>]: every test, after whatever is missing was installed and built.
installWhatIsMissing();
// Tests start the command line hundreds of times: built, it starts in less time.
await import('./build.mjs');
const vitest = new URL('../node_modules/vitest/vitest.mjs', import.meta.url);
process.argv = [process.execPath, fileURLToPath(vitest), 'run', ...process.argv.slice(2)];
await import(vitest.href);
