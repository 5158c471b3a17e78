import type { Command } from 'commander';
import { findPeople, type PersonRecord } from '../store/people.js';
import { examples, type Run } from './argument.js';
import { exitCodes, failed, type ExitCode } from './exit.js';
import { RawJson, type Json } from './json.js';
import { cellText, jsonMembers } from './json-members.js';
import type { Session } from './session.js';
import { reading } from './store-error.js';
import { visible } from './visible-text.js';

export function addShow(program: Command, run: Run): void {
  const show = program.command('show').description('Show what the workspace has.').helpCommand(false);
  const person = show
    .command('person')
    .argument('<id|email>', 'an id exactly, or an email regardless of case')
    .description('Show a person: identifiers, attributes, when added and last changed.')
    .action((text: string) => run((session) => showPerson(session, text)));
  examples(person, 'inlet show person 42', 'inlet show person a@example.com --json');
}

async function showPerson(session: Session, text: string): Promise<ExitCode> {
  const { out } = session;
  const file = await session.file();
  const workspace = file.settings.name;
  const store = await session.store();
  const people = await reading(file, () => findPeople(store, workspace, text));
  if (people.length === 0)
    throw failed(`Nobody in the workspace "${workspace}" has the id or email "${visible(text)}".`);
  if (out.json) out.document({ workspace, people: people.map(personJson) });
  else out.line(people.map(personText).join('\n\n'));
  return exitCodes.fine;
}

export function personJson(person: PersonRecord): { readonly [key: string]: Json } {
  return { ...person, attributes: new RawJson(person.attributes) };
}

/** A line for each member, names in a column of their own. */
function personText({ id, email, attributes, createdAt, updatedAt }: PersonRecord): string {
  const line = (name: string, value: string) => ({ name: visible(name), value: visible(value) });
  const lines = [
    line('id', id ?? '(none)'),
    line('email', email ?? '(none)'),
    line('added', createdAt.toISOString()),
    line('changed', updatedAt.toISOString()),
    ...jsonMembers(attributes).map(([name, value]) => line(`.${name}`, cellText(value))),
  ];
  const width = Math.min(32, Math.max(...lines.map(({ name }) => name.length)));
  return lines.map(({ name, value }) => `${name.padEnd(width)}  ${value}`).join('\n');
}
