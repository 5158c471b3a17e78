import { randomInt } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { ownDirectory } from './leftovers.js';
import { markdownOf, tableOf, violationsOf, type Played } from './report.js';
import { play, type Scenario } from './scenario.js';
import { longSchedule, shortSchedule } from './schedule.js';
import { mustDo } from './phases.js';
import { createWorld, type World } from './world.js';

/*
 * npm run chaos [-- --minutes N] [--seed S] [--fault TEXT] [--phase TEXT] [--markdown FILE] [--keep]: imports a reference
 * data set again and again while things break, and compares the workspace with one that takes the same rows without a
 * fault (docs/reliability.md). Without --minutes: every fault once.
 */

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: { minutes: text, seed: text, fault: text, phase: text, markdown: text, keep: { type: 'boolean' } },
});
const seed = Number(values.seed ?? randomInt(2 ** 31));
const minutes = values.minutes === undefined ? undefined : Number(values.minutes);
const chosen = {
  seed,
  ...(values.fault !== undefined && { fault: values.fault }),
  ...(values.phase !== undefined && { phase: values.phase }),
};

const say = (line: string) => process.stdout.write(`${line}\n`);
const seconds = (since: number) => ((performance.now() - since) / 1000).toFixed(1);

const directory = await ownDirectory();
const began = performance.now();
const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    say('Stopping after this fault …');
    interruption.abort();
  });

say(`Seed ${seed}, on ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node.js ${process.version}`);
const played: Played[] = [];
const world = await createWorld(directory, say);
try {
  await bringUp(world);
  say(`The disk of the store: ${world.disk.kind}. Begun after ${seconds(began)} s`);
  const schedule = minutes === undefined ? shortSchedule(chosen) : longSchedule(chosen);
  const from = performance.now();
  for (const scenario of schedule) {
    if (interruption.signal.aborted || (minutes !== undefined && performance.now() - from > minutes * 60_000))
      break;
    await playOne(world, scenario);
    const last = played.at(-1);
    // What did not come through once may stand in the way of all that follows.
    if (last !== undefined && 'error' in last) break;
  }
} finally {
  await world.close();
  if (values.keep === true) say(`Kept: ${directory}`);
  else await rm(directory, { recursive: true, force: true });
}

const violations = played.flatMap(violationsOf);
say(tableOf(played));
say(`${played.length} faults in ${seconds(began)} s, seed ${seed}: ${violations.length} violations`);
for (const violation of violations) say(`  ${violation}`);
if (values.markdown !== undefined) await writeFile(values.markdown, `${markdownOf(played)}\n`);
if (violations.length > 0 || played.length === 0) process.exitCode = 1;

/** Both workspaces as they are before the first fault. */
async function bringUp(world: World): Promise<void> {
  for (const workspace of [world.chaos, world.reference]) {
    for (const sync of ['companies', 'customers']) {
      await mustDo(workspace, 'apply', sync);
      await mustDo(workspace, 'trigger', sync, '--wait');
    }
  }
  await mustDo(world.chaos, 'apply', 'clock');
  await mustDo(world.chaos, 'trigger', 'clock', '--wait');
  await mustDo(world.chaos, 'pause', 'clock', '--reason', 'not needed yet');
}

async function playOne(world: World, scenario: Scenario): Promise<void> {
  const round = played.length + 1;
  const since = performance.now();
  const what = `${String(round).padStart(3)}  ${scenario.fault.name} · ${scenario.phase}`;
  try {
    const outcome = await play(world, scenario, round);
    const one: Played = { ...scenario, round, outcome };
    played.push(one);
    const wrong = violationsOf(one);
    say(
      `${what}: ${outcome.proof}; recovered in ${outcome.recoverySeconds.toFixed(1)} s of ${seconds(since)} s${wrong.length === 0 ? '' : '  ← WRONG'}`,
    );
    for (const sentence of wrong) say(`     ${sentence}`);
  } catch (error) {
    played.push({ ...scenario, round, error: error instanceof Error ? error.message : String(error) });
    say(`${what}: ${error instanceof Error ? error.message : String(error)}  ← WRONG`);
  }
}
