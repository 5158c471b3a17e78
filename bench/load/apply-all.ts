import { runInlet } from '../support/inlet.js';
import type { Servers } from '../support/servers.js';
import type { LoadWorkspace } from './workspaces.js';

export interface AppliedFile {
  workspace: string;
  /** Of the run that was fine, or of the last. */
  seconds: number;
  /** What runs before it said that were not fine. */
  refusals: string[];
  fine: boolean;
}

/** A file whose apply was not fine is applied again, as a user would. */
const ATTEMPTS = 3;
/** People who apply at the same time. */
const AT_ONCE = 2;

/** Applies each file by the command line. */
export async function applyAll(
  servers: Servers,
  workspaces: readonly LoadWorkspace[],
  signal: AbortSignal,
): Promise<AppliedFile[]> {
  const waiting = [...workspaces];
  const applied: AppliedFile[] = [];
  const applyNext = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      applied.push(await applyOne(servers, next, signal));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, applyNext));
  return applied;
}

async function applyOne(
  servers: Servers,
  { name, file }: LoadWorkspace,
  signal: AbortSignal,
): Promise<AppliedFile> {
  const refusals: string[] = [];
  for (;;) {
    const began = performance.now();
    const { exitCode, stderr } = await runInlet(servers, file, ['apply'], signal);
    signal.throwIfAborted();
    const seconds = (performance.now() - began) / 1000;
    if (exitCode === 0) return { workspace: name, seconds, refusals, fine: true };
    refusals.push(stderr);
    if (refusals.length === ATTEMPTS) return { workspace: name, seconds, refusals, fine: false };
  }
}
