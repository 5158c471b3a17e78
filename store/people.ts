import type pg from 'pg';
import type { Identifier } from '../config/sync-definition.js';
import { bookkeeping, only, transaction, type Store } from './store.js';
import { compared } from './row-sql.js';

/** A person as the workspace has them. */
export interface PersonRecord {
  /** Their number in the store. */
  key: string;
  id: string | null;
  email: string | null;
  /** JSON text: numbers in it are exact. */
  attributes: string;
  createdAt: Date;
  updatedAt: Date;
}

/**
 * The people whose id is the text, or whose email is it regardless of case. There can be two: an id may look like an
 * email.
 */
export async function findPeople(store: Store, workspace: string, text: string): Promise<PersonRecord[]> {
  const { rows } = await store.pool.query<PersonRecord>(
    `SELECT p.person_id::text AS key, p.id, p.email, p.attributes::text AS attributes, p.created_at AS "createdAt", p.updated_at AS "updatedAt"
     FROM inlet.person p JOIN inlet.workspace w USING (workspace_id)
     WHERE w.name = $1 AND (p.id = $2 OR lower(p.email) = lower($2 COLLATE "C")) ORDER BY p.person_id`,
    [workspace, text],
  );
  return rows;
}

/** An identifier can't be set; the message says why and what to do. */
export class IdentifierRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'IdentifierRefused';
  }
}

export interface IdentifierChange {
  workspace: string;
  /** The id or email by which the person is found. */
  person: string;
  identifier: Identifier;
  value: string;
}

/**
 * Sets or changes one identifier of one person by hand: an import never changes one that is set (docs/semantics.md).
 * Holds the workspace's row, so that no import can begin meanwhile.
 * @returns true if something changed; false if the person had exactly this identifier
 * @throws IdentifierRefused
 */
export async function setIdentifier(store: Store, change: IdentifierChange): Promise<boolean> {
  const { identifier, value } = change;
  return await transaction(store, bookkeeping, async (client) => {
    const workspaceId = await lockIdle(client, change);
    const person = await findOne(client, workspaceId, change);
    await mustBeValid(client, change);
    if (person[identifier] === value) return false;
    await mustBeFree(client, workspaceId, person.key, change);
    await client.query(
      `UPDATE inlet.person SET ${identifier} = $2, updated_at = now() WHERE person_id = $1`,
      [person.key, value],
    );
    return true;
  });
}

/** Locks the workspace's row against imports that want to open. */
async function lockIdle(client: pg.ClientBase, { workspace, identifier }: IdentifierChange): Promise<number> {
  const { rows } = await client.query<{ id: number; identifiers: Identifier[]; active: string | null }>(
    `SELECT workspace_id AS id, identifiers, active_import::text AS active
     FROM inlet.workspace WHERE name = $1 FOR UPDATE`,
    [workspace],
  );
  const [found] = rows;
  if (found === undefined)
    throw new IdentifierRefused(`The store has no workspace "${workspace}" yet, and so nobody in it.`);
  if (!found.identifiers.includes(identifier))
    throw new IdentifierRefused(
      `In the workspace "${workspace}" ${identifier} is an ordinary attribute, not an identifier (workspace.identifiers): import it.`,
    );
  if (found.active !== null) {
    const { sync, number } = only(
      await client.query<{ sync: string; number: number }>(
        'SELECT s.name AS sync, i.number FROM inlet.import i JOIN inlet.sync s USING (sync_id) WHERE i.import_id = $1',
        [found.active],
      ),
    );
    throw new IdentifierRefused(
      `Import ${number} of "${sync}" is running, and identifiers can't be changed meanwhile. Wait for its end, or cancel it.`,
    );
  }
  return found.id;
}

async function findOne(
  client: pg.ClientBase,
  workspaceId: number,
  { workspace, person }: IdentifierChange,
): Promise<{ key: string; id: string | null; email: string | null }> {
  const { rows } = await client.query<{ key: string; id: string | null; email: string | null }>(
    `SELECT person_id::text AS key, id, email FROM inlet.person
     WHERE workspace_id = $1 AND (id = $2 OR lower(email) = lower($2 COLLATE "C")) FOR UPDATE`,
    [workspaceId, person],
  );
  const [found, another] = rows;
  if (found === undefined)
    throw new IdentifierRefused(`Nobody in the workspace "${workspace}" has the id or email "${person}".`);
  if (another !== undefined)
    throw new IdentifierRefused(
      `"${person}" is the id of one person and the email of another. Name the person by the other identifier.`,
    );
  return found;
}

async function mustBeValid(client: pg.ClientBase, { identifier, value }: IdentifierChange): Promise<void> {
  const { blank, problem } = only(
    await client.query<{ blank: boolean; problem: string | null }>(
      'SELECT inlet.is_blank($2) AS blank, inlet.identifier_problem($1, $2) AS problem',
      [identifier, value],
    ),
  );
  if (blank)
    throw new IdentifierRefused(`The ${identifier} is blank. An identifier can be changed, not cleared.`);
  if (problem === 'too_long')
    throw new IdentifierRefused(
      `The ${identifier} is longer than the limit of ${identifier === 'email' ? '254 characters' : '150 bytes'}.`,
    );
  if (problem !== null) throw new IdentifierRefused(`"${value}" is not a valid email address (RFC 5322).`);
}

async function mustBeFree(
  client: pg.ClientBase,
  workspaceId: number,
  key: string,
  { identifier, value }: IdentifierChange,
): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT inlet.person_name(id, email) AS name FROM inlet.person
     WHERE workspace_id = $1 AND ${compared(identifier, identifier)} = ${compared(identifier, '$2 COLLATE "C"')}
       AND person_id <> $3`,
    [workspaceId, value, key],
  );
  if (rows[0] !== undefined)
    throw new IdentifierRefused(
      `The ${identifier} "${value}" belongs to another person already: ${rows[0].name}. Change it there first.`,
    );
}
