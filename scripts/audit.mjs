import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/*
 * npm run audit: known weaknesses of what users install, and how long ago each direct dependency was last published. It asks
 * the npm registry; licences are checked by test/docs/dependencies.test.ts, which needs no network.
 */

const root = fileURLToPath(new URL('..', import.meta.url));
const MONTHS = 30 * 24 * 3_600_000;
/** Longer than this without a release, and somebody should look whether it is still looked after. */
const OLD_MONTHS = 24;

const npm = (...words) =>
  spawnSync('npm', words, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

function weaknesses() {
  const { stdout } = npm('audit', '--omit=dev', '--json');
  const found = JSON.parse(stdout || '{}');
  if (found.metadata === undefined) {
    console.log(`The registry gives no advisories: ${found.message ?? 'no answer'}`);
    return false;
  }
  const names = Object.values(found.vulnerabilities).map(({ name, severity }) => `${name} (${severity})`);
  console.log(names.length === 0 ? 'No known weaknesses.' : `Known weaknesses: ${names.join(', ')}`);
  return names.length === 0;
}

function isLookedAfter(name) {
  const { stdout, status } = npm('view', name, '--json', 'version', 'deprecated', 'time');
  if (status !== 0) {
    console.log(`${name}: the registry does not know it`);
    return false;
  }
  const { version, deprecated, time } = JSON.parse(stdout);
  const months = Math.floor((Date.now() - Date.parse(time?.[version])) / MONTHS);
  const remark = deprecated ? `deprecated: ${deprecated}` : months > OLD_MONTHS ? 'old' : '';
  console.log(`${name.padEnd(44)} ${version.padEnd(10)} ${String(months).padStart(3)} months  ${remark}`);
  return !deprecated;
}

const { dependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const sound = Object.keys(dependencies).map(isLookedAfter);
process.exitCode = weaknesses() && sound.every(Boolean) ? 0 : 1;
