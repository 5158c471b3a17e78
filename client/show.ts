import type { Command } from 'commander';
import { findObject, listObjectTypes, type ObjectRecord } from '../store/objects.js';
import { findPeople } from '../store/people.js';
import { relationshipsOfObject, relationshipsOfPerson } from '../store/relationships.js';
import { membershipsOf } from '../store/segments.js';
import type { Store } from '../store/store.js';
import { examples, type Run } from './argument.js';
import { exitCodes, failed, type ExitCode } from './exit.js';
import type { Session } from './session.js';
import { objectJson, objectText, personJson, personText, type WholePerson } from './show-report.js';
import { reading } from './store-error.js';
import { visible } from './visible-text.js';

const relationshipsShown = 20;
const relationshipsInJson = 1_000;

export function addShow(program: Command, run: Run): void {
  const show = program.command('show').description('Show what the workspace has.').helpCommand(false);
  const person = show
    .command('person')
    .argument('<id|email>', 'an id exactly, or an email regardless of case')
    .description('Show a person: identifiers, attributes, relationships, segments, when added and changed.')
    .action((text: string) => run((session) => showPerson(session, text)));
  examples(person, 'inlet show person 42', 'inlet show person a@example.com --json');
  const object = show
    .command('object')
    .argument('<type>', 'the type of the object, exactly')
    .argument('<id>', 'its object_id, exactly')
    .description('Show an object: attributes, the people it is related to, when added and changed.')
    .action((type: string, id: string) => run((session) => showObject(session, type, id)));
  examples(object, 'inlet show object company acme');
}

async function showPerson(session: Session, text: string): Promise<ExitCode> {
  const { out } = session;
  const file = await session.file();
  const workspace = file.settings.name;
  const store = await session.store();
  const limit = out.json ? relationshipsInJson : relationshipsShown;
  const people = await reading(file, () => wholePeople(store, workspace, text, limit));
  if (people.length === 0)
    throw failed(`Nobody in the workspace "${workspace}" has the id or email "${visible(text)}".`);
  if (out.json) out.document({ workspace, people: people.map(personJson) });
  else out.line(people.map(personText).join('\n\n'));
  return exitCodes.fine;
}

/** The people whose id or email a text is, with what they are related to and the segments they are in. */
export async function wholePeople(
  store: Store,
  workspace: string,
  text: string,
  limit = relationshipsInJson,
): Promise<WholePerson[]> {
  const people = await findPeople(store, workspace, text);
  return await Promise.all(
    people.map(async (person) => ({
      ...person,
      relationships: await relationshipsOfPerson(store, person.key, limit),
      segments: await membershipsOf(store, person.key),
    })),
  );
}

async function showObject(session: Session, objectType: string, objectId: string): Promise<ExitCode> {
  const { out } = session;
  const file = await session.file();
  const workspace = file.settings.name;
  const store = await session.store();
  const object = await reading(file, () => findObject(store, { workspace, objectType, objectId }));
  if (object === null) {
    const types = await reading(file, () => listObjectTypes(store, workspace));
    throw failed(notFound(workspace, { objectType, objectId }, types));
  }
  const limit = out.json ? relationshipsInJson : relationshipsShown;
  const relationships = await reading(file, () => relationshipsOfObject(store, object.key, limit));
  const whole = { ...object, relationships };
  if (out.json) out.document({ workspace, object: objectJson(whole) });
  else out.line(objectText(whole));
  return exitCodes.fine;
}

function notFound(
  workspace: string,
  { objectType, objectId }: Pick<ObjectRecord, 'objectType' | 'objectId'>,
  types: string[],
): string {
  if (types.includes(objectType))
    return `There is no object "${visible(objectId)}" of the type "${visible(objectType)}" in the workspace "${workspace}".`;
  const there = types.map((type) => `"${visible(type)}"`).join(', ');
  return `The workspace "${workspace}" has no objects of the type "${visible(objectType)}". ${types.length === 0 ? 'It has no objects yet.' : `Its types are: ${there}.`}`;
}
