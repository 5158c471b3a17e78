import { fileURLToPath } from 'node:url';
import { installWhatIsMissing } from './install.mjs';

// npm start [-- --reset] [-- --once] [-- --with-redshift]: "inlet dev", after whatever is missing was installed.
installWhatIsMissing();
const inlet = new URL('../bin/inlet.js', import.meta.url);
process.argv = [process.execPath, fileURLToPath(inlet), 'dev', ...process.argv.slice(2)];
await import(inlet.href);
