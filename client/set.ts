import { Option, type Command } from 'commander';
import type { Identifier } from '../config/sync-definition.js';
import { IdentifierRefused, setIdentifier } from '../store/people.js';
import { examples, type Run } from './argument.js';
import { exitCodes, failed, wrongUse, type ExitCode } from './exit.js';
import type { Session } from './session.js';
import { personJson } from './show-report.js';
import { wholePeople } from './show.js';
import { reading } from './store-error.js';
import { visible } from './visible-text.js';

interface Options {
  id?: string;
  email?: string;
}

export function addSet(program: Command, run: Run): void {
  const set = program.command('set').description('Change what imports leave alone.').helpCommand(false);
  const person = set
    .command('person')
    .argument('<id|email>', 'an id exactly, or an email regardless of case')
    .addOption(new Option('--id <value>', 'the new id').conflicts('email'))
    .addOption(new Option('--email <value>', 'the new email'))
    .description('Change an identifier of a person that is set already, which an import never does.')
    .action((text: string, options: Options) => run((session) => setPerson(session, text, options)));
  examples(person, 'inlet set person 42 --email new@example.com', 'inlet set person a@example.com --id 43');
}

async function setPerson(session: Session, text: string, options: Options): Promise<ExitCode> {
  const { out } = session;
  const { identifier, value } = wanted(options);
  const file = await session.file();
  const workspace = file.settings.name;
  const store = await session.store();
  const changed = await reading(file, () =>
    setIdentifier(store, { workspace, person: text, identifier, value }),
  ).catch((error: unknown) => {
    throw error instanceof IdentifierRefused ? failed(visible(error.message), error) : error;
  });
  if (out.json) {
    const people = await reading(file, () => wholePeople(store, workspace, value));
    const meant = people.filter((found) => found[identifier] === value);
    out.document({ workspace, changed, people: meant.map(personJson) });
  } else {
    const state = changed ? `has the ${identifier} "${visible(value)}" now` : 'has it already';
    out.line(`The person ${visible(text)} ${state}.`);
  }
  return exitCodes.fine;
}

function wanted({ id, email }: Options): { identifier: Identifier; value: string } {
  if (id !== undefined) return { identifier: 'id', value: id };
  if (email !== undefined) return { identifier: 'email', value: email };
  throw wrongUse('Say which identifier to set: --id VALUE or --email VALUE.');
}
