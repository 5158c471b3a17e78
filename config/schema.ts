import { z } from 'zod';
import { alerts } from './schema/alerts.js';
import { database } from './schema/database.js';
import { sync } from './schema/sync.js';
import { named } from './schema/values.js';
import { store, workspace } from './schema/workspace.js';

/*
 * The schemas of inlet.yaml. Descriptions go into docs/configuration.md and, without their marks and links, into the JSON
 * schema for editors; examples into that and into messages. `kind` says what a value is where the schema does not show it,
 * `unset` what holds without the key where there is no default: both are for the page only. After a change: npm run schema.
 * Every message here is the rest of a sentence that begins with the key: `syncs.customers.every must be …`. What
 * concerns more than one key is in coherence.ts.
 */

/** One inlet.yaml: one workspace. */
export const workspaceFileSchema = z
  .strictObject({
    store,
    workspace,
    alerts: alerts.optional(),
    databases: named(database)
      .prefault({})
      .meta({
        description: 'The databases that syncs read from, by name.',
        example: { crm: { type: 'postgres', url: '${CRM_DATABASE_URL}' } },
      }),
    syncs: named(sync)
      .prefault({})
      .meta({
        description: 'The syncs of the workspace, by name. A name becomes a part of workflow ids.',
        example: { customers: { database: 'crm', every: '1h', query: 'SELECT …' } },
      }),
  })
  .meta({ title: 'inlet.yaml', description: 'The configuration of one Inlet workspace.' });

export type ParsedFile = z.output<typeof workspaceFileSchema>;
export type ParsedDatabase = ParsedFile['databases'][string];
export type ParsedSync = ParsedFile['syncs'][string];
