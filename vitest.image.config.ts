import { defineConfig } from 'vitest/config';
import everything from './vitest.config.js';

/** npm run image:check: installs packages twice and builds, which is too slow for npm test. */
export default defineConfig({ test: { ...everything.test, include: ['test/deploy/image.check.ts'] } });
