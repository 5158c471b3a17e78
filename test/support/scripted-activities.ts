import { Context } from '@temporalio/activity';
import type { ApplicationFailure } from '@temporalio/common';
import type { Activities, Ending } from '../../activities/activities.js';
import { failure } from '../../activities/failures.js';
import { searchAttributesOf } from '../../activities/search-attributes.js';
import { isWorkflowOpen, workspaceTurnActivities } from '../../activities/workspace-turn.js';
import type { Dependencies } from '../../activities/dependencies.js';
import { importId } from '../../workflows/messages.js';
import type { ImportInput, ImportResult } from '../../workflows/messages.js';

export type Step = Exclude<keyof Activities, 'askForWorkspace' | 'awaitClosed' | 'searchAttributesExist'>;

/** A place where an activity waits until the test lets it go on. */
export interface Hold {
  /** Settles once the activity has come there. */
  reached: Promise<void>;
  release(): void;
  fail(error: ApplicationFailure): void;
}

export interface LogEntry extends ImportResult {
  id: string;
  input: ImportInput;
  intervals: number;
}

/** What becomes of the rows of a relationship query. */
const related = { rows: 3, related: 2, changed: 0, unchanged: 0, removed: 1, superseded: 0, failed: 0 };

/**
 * A workspace's activities without databases: a log and a fence in memory, and every step passes at once unless the
 * test holds it or makes it fail. Turns are the real activities, against the real server.
 */
export class ScriptedWorkspace {
  /** What the import log would hold, in the order in which entries were written. */
  readonly log: LogEntry[] = [];
  /** Every step as it began: `openImport import:acme/customers/1`. */
  readonly steps: string[] = [];
  /** Imports that were granted the workspace while another one had it. */
  readonly taken: string[] = [];
  readonly definitions: { sync: string; query: string }[] = [];
  readonly forgotten: string[] = [];
  lanes = 2;
  /** What the next import's `last_sync_time` moves to if it completes. */
  startTime: number | undefined;
  /** How far the clock of the log is ahead of Temporal's. */
  logAheadMs = 0;
  private acceptedTime = 0;
  /** Refuses definitions whose query is this one. */
  refusedQuery = 'SELECT refused';
  private open: { id: string; input: ImportInput; grantedAt: number } | undefined;
  private readonly lanesOf = new Map<string, number>();
  private readonly holds = new Map<string, { passed: Gate; reached: Gate }>();

  /** Makes a step of one import (`customers/1`, and for `applyChunks` its lane: `customers/1#1`) or sync wait. */
  hold(step: Step, of: string): Hold {
    const key = `${step} ${of}`;
    const passed = new Gate();
    const reached = new Gate();
    this.holds.set(key, { passed, reached });
    return {
      reached: reached.opened,
      release: () => {
        this.holds.delete(key);
        passed.open();
      },
      fail: (error) => passed.fail(error),
    };
  }

  /** Makes a step fail whenever it is reached. */
  fail(step: Step, of: string, error: ApplicationFailure): void {
    this.hold(step, of).fail(error);
  }

  /** Makes a step pass again. */
  mend(step: Step, of: string): void {
    this.holds.delete(`${step} ${of}`);
  }

  entries(sync: string): LogEntry[] {
    return this.log.filter(({ input }) => input.definition.sync === sync);
  }

  /** @param turns what asking for the workspace needs */
  activities(turns: Pick<Dependencies, 'client' | 'taskQueue'>): Activities {
    const exist = searchAttributesOf(turns.client);
    const { askForWorkspace, awaitClosed } = workspaceTurnActivities(turns);
    const pass = (step: Step, of: string) => this.pass(step, of);
    return {
      askForWorkspace,
      awaitClosed,
      defineSync: async ({ definition }) => {
        const { sync, query } = definition;
        await pass('defineSync', sync);
        if (query === this.refusedQuery) throw failure('DefinitionRefused', 'the query is not allowed');
        const created = !this.definitions.some((earlier) => earlier.sync === sync);
        this.definitions.push({ sync, query });
        return {
          created,
          warnings: [],
          columns: [{ name: 'id', sourceType: 'integer' }],
          nextNumber: Math.max(0, ...this.entries(sync).map(({ number }) => number)) + 1,
          lastSyncTime: Math.max(0, ...this.entries(sync).map(({ lastSyncTime }) => lastSyncTime ?? 0)),
        };
      },
      openImport: async ({ grantedAt, ...input }) => {
        const id = idOf(input);
        await pass('openImport', shortOf(input));
        if (this.open && this.open.id !== id && (await isWorkflowOpen(turns.client, this.open.id))) {
          this.taken.push(`${id} while ${this.open.id}`);
          throw failure('WorkspaceTaken', `the workspace is still taken by ${this.open.id}`);
        }
        this.open = { id, input, grantedAt };
        return { key: id, ...((await exist()) && { searchable: true as const }) };
      },
      stageQuery: async (key) => {
        await this.passOpen('stageQuery', key);
        const { relationships } = this.opened(key).input.definition;
        return { rows: 2, ...(relationships && { relationships: related.rows }) };
      },
      planChunks: async (key) => {
        await this.passOpen('planChunks', key);
        return { chunks: this.lanes, lanes: this.lanes };
      },
      applyChunks: (key) => this.passOpen('applyChunks', key, `#${this.nextLane(key)}`),
      closeImport: async ({ key, ending }) => {
        const open = this.opened(key);
        await pass('closeImport', shortOf(open.input));
        this.open = undefined;
        const result = this.write(open.input, endingOf(ending, this.startTime));
        const counts = { ...result, ...(open.input.definition.relationships && { relationships: related }) };
        return (await exist()) ? { ...counts, searchable: true } : counts;
      },
      logUnopened: async ({ input, status, reason, intervals }) => {
        await pass('logUnopened', shortOf(input));
        const known = this.log.find(({ id }) => id === idOf(input));
        return known ?? this.write(input, { status, reason }, intervals);
      },
      searchAttributesExist: exist,
      acceptImport: async ({ sync, number }) => {
        await pass('acceptImport', `${sync}/${number}`);
        const refused = this.entries(sync).find((entry) => entry.number === number) === undefined;
        if (refused) throw failure('AcceptRefused', `import ${number} is not in the log`);
        const formerly = this.acceptedTime;
        this.acceptedTime = this.startTime ?? 0;
        return { formerly, lastSyncTime: this.acceptedTime, failed: 3 };
      },
      deliverAlert: async ({ sync, number }) => {
        await pass('deliverAlert', `${sync}/${number}`);
        return { outcome: 'delivered' };
      },
      forgetSync: async ({ sync }) => {
        await pass('forgetSync', sync);
        this.forgotten.push(sync);
      },
    };
  }

  private async passOpen(step: Step, key: string, lane = ''): Promise<void> {
    await this.pass(step, `${shortOf(this.opened(key).input)}${lane}`);
    this.opened(key);
  }

  private nextLane(key: string): number {
    const lane = (this.lanesOf.get(key) ?? 0) + 1;
    this.lanesOf.set(key, lane);
    return lane;
  }

  private opened(key: string) {
    if (this.open?.id !== key) throw failure('FencedOff', `${key} is not the active import`);
    return this.open;
  }

  private async pass(step: Step, of: string): Promise<void> {
    this.steps.push(`${step} ${of}`);
    const held = this.holds.get(`${step} ${of}`);
    if (!held) return;
    held.reached.open();
    const { cancelled } = Context.current();
    const beat = setInterval(() => Context.current().heartbeat(), 100);
    try {
      await Promise.race([held.passed.opened, cancelled]);
    } catch (error) {
      this.steps.push(`stopped ${step} ${of}`);
      throw error;
    } finally {
      clearInterval(beat);
    }
  }

  private write(
    input: ImportInput,
    ended: Pick<ImportResult, 'status' | 'reason' | 'lastSyncTime'>,
    intervals = 1,
  ): ImportResult {
    const result: ImportResult = { number: input.number, endedAt: Date.now() + this.logAheadMs, ...ended };
    this.log.push({ ...result, id: idOf(input), input, intervals });
    return result;
  }
}

/** A promise that is settled from outside. */
class Gate {
  open: () => void = () => undefined;
  fail: (error: ApplicationFailure) => void = () => undefined;
  readonly opened = new Promise<void>((resolve, reject) => {
    this.open = resolve;
    this.fail = reject;
  });

  constructor() {
    // Nobody may be waiting when it fails.
    this.opened.catch(() => undefined);
  }
}

function endingOf(
  ending: Ending,
  startTime: number | undefined,
): Pick<ImportResult, 'status' | 'reason' | 'lastSyncTime'> {
  if (ending.kind === 'failed') return { status: 'Failed', reason: ending.reason };
  if (ending.kind === 'canceled') return { status: 'Canceled', reason: ending.reason };
  return { status: 'Completed', ...(startTime !== undefined && { lastSyncTime: startTime }) };
}

const idOf = ({ definition, number }: ImportInput) => importId(definition.workspace, definition.sync, number);

const shortOf = ({ definition, number }: ImportInput) => `${definition.sync}/${number}`;
