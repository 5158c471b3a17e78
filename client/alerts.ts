import type { Command } from 'commander';
import { postWebhook } from '../activities/webhook.js';
import type { WorkspaceFile } from '../config/workspace-file.js';
import { listAlerts, listConditions, type AlertRecord, type ConditionRecord } from '../store/alert-outbox.js';
import { examples, wholeNumber, type Run } from './argument.js';
import { exitCodes, failed, wrongUse, type ExitCode } from './exit.js';
import { RawJson, type Json } from './json.js';
import { knownSync } from './known-sync.js';
import type { Output } from './output.js';
import type { Session } from './session.js';
import { reading } from './store-error.js';
import { tableText } from './table.js';
import { timeText } from './time-text.js';
import { visible } from './visible-text.js';

interface Options {
  limit: number;
  test?: boolean;
}

export function addAlerts(program: Command, run: Run): void {
  const command = program
    .command('alerts')
    .argument('[sync]', 'a sync of the file, or one that the log knows; all of them unless named')
    .description('Show what is wrong with syncs at present, the last alerts, and how their delivery goes.')
    .option('--limit <number>', 'at most so many alerts', wholeNumber, 20)
    .option('--test', 'post a test alert from here, and say how it was answered')
    .action((name: string | undefined, options: Options) =>
      run((session) => (options.test === true ? test(session, name) : alerts(session, name, options.limit))),
    );
  examples(command, 'inlet alerts', 'inlet alerts customers --limit 5', 'inlet alerts --test');
}

async function alerts(session: Session, name: string | undefined, limit: number): Promise<ExitCode> {
  const { out } = session;
  const file = await session.file();
  const sync = name === undefined ? undefined : (await knownSync(session, name)).sync;
  const which = { workspace: file.settings.name, ...(sync !== undefined && { sync }) };
  const store = await session.store();
  const [conditions, records] = await reading(file, () =>
    Promise.all([listConditions(store, which), listAlerts(store, { ...which, limit })]),
  );
  if (out.json) {
    out.document({
      workspace: which.workspace,
      on: file.alerts !== undefined,
      conditions: conditions.map((each) => ({ ...each })),
      alerts: records.map(alertJson),
    });
    return exitCodes.fine;
  }
  if (conditions.length > 0) out.line(conditionsTable(conditions));
  else out.say('Nothing is wrong that there are alerts for.');
  if (records.length > 0) out.line(`${conditions.length > 0 ? '\n' : ''}${alertsTable(out, records)}`);
  else out.say('There was no alert yet.');
  if (file.alerts === undefined) out.warn(`${file.path} has no alerts: nothing is noticed or sent.`);
  return exitCodes.fine;
}

function conditionsTable(conditions: readonly ConditionRecord[]): string {
  return tableText(
    [{ head: 'SYNC' }, { head: 'IS' }, { head: 'SINCE' }, { head: 'IMPORT', align: 'right' }],
    conditions.map(({ sync, condition, since, import: by }) => [
      sync,
      condition,
      timeText(since),
      String(by),
    ]),
  );
}

function alertsTable(out: Output, records: readonly AlertRecord[]): string {
  const right = (head: string) => ({ head, align: 'right' as const });
  return tableText(
    [
      ...[{ head: 'SYNC' }, right('ALERT'), { head: 'TYPE' }, right('IMPORT'), { head: 'RAISED' }],
      ...[right('ATTEMPTS'), { head: 'LAST ANSWER' }, { head: 'DELIVERY' }],
    ],
    records.map((record) => [
      record.sync,
      String(record.number),
      record.recoveredFrom === null ? record.type : `${record.type} (${record.recoveredFrom})`,
      String(record.import),
      timeText(record.raisedAt),
      String(record.attempts),
      visible(record.lastAnswer ?? ''),
      deliveryText(out, record),
    ]),
  );
}

function deliveryText(out: Output, { deliveredAt, givenUpAt }: AlertRecord): string {
  if (deliveredAt !== null) return out.paint(`delivered ${timeText(deliveredAt)}`, 'good');
  if (givenUpAt !== null) return out.paint(`given up ${timeText(givenUpAt)}`, 'bad');
  return out.paint('under way', 'warning');
}

const alertJson = (record: AlertRecord): Json => ({ ...record, body: new RawJson(record.body) });

async function test(session: Session, name: string | undefined): Promise<ExitCode> {
  const { out } = session;
  if (name !== undefined) throw wrongUse('A test alert is of no sync: "inlet alerts --test" takes none.');
  const file = await session.file();
  const target = targetOf(file);
  const now = Date.now();
  const workspace = file.settings.name;
  const { accepted, said } = await postWebhook(target, {
    id: `alert:${workspace}/test/${now}`,
    body: JSON.stringify({
      type: 'inlet.test',
      version: 1,
      timestamp: new Date(now),
      data: { workspace, sentence: `This is a test of the alerts of the workspace "${workspace}".` },
    }),
  });
  if (out.json) out.document({ workspace, accepted, answer: said });
  if (!accepted)
    throw failed(
      `The test alert was not accepted: ${said}. Only a status of 2xx takes an alert; real ones would be tried again for a day.`,
    );
  out.say(`The test alert was accepted: ${said}.`);
  return exitCodes.fine;
}

function targetOf({ alerts: reference, path }: WorkspaceFile) {
  if (reference === undefined)
    throw wrongUse(
      `${path} has no alerts. Add: alerts: { url: "\${INLET_ALERTS_URL}", secret: "\${INLET_ALERTS_SECRET}" }`,
    );
  return reference.resolve();
}
