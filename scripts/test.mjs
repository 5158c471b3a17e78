import { fileURLToPath } from 'node:url';
import { installWhatIsMissing } from './install.mjs';

// npm test [-- <what vitest takes>]: every test, after whatever is missing was installed.
installWhatIsMissing();
const vitest = new URL('../node_modules/vitest/vitest.mjs', import.meta.url);
process.argv = [process.execPath, fileURLToPath(vitest), 'run', ...process.argv.slice(2)];
await import(vitest.href);
