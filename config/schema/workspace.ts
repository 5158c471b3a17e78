import { z } from 'zod';
import { durationBetween } from '../duration.js';
import { wholeNumber, connectionUrl, identifier, namePattern, nameRule } from './values.js';

/** `store`. */
export const store = z
  .strictObject({
    url: connectionUrl().prefault('${INLET_STORE_URL}').meta({
      description: 'Where the store is. Credentials as for [databases](#credentials-in-a-url).',
      kind: 'URL',
      example: '${INLET_STORE_URL}',
    }),
  })
  .prefault({})
  .meta({ description: "Inlet's own Postgres." });

/** `workspace`: its settings. */
export const workspace = z
  .strictObject({
    name: z.string().regex(new RegExp(namePattern), nameRule).meta({
      description:
        'Names the workspace in commands, in the Temporal UI and in the store. Another name is another workspace.',
      kind: '[name](#names)',
      example: 'acme',
    }),
    identifiers: z
      .array(identifier)
      .min(1)
      .refine((listed) => new Set(listed).size === listed.length, 'lists an identifier twice')
      .default(['id', 'email'])
      .meta({
        description:
          'The columns that identify a person. One that is not listed is an ordinary attribute. Fixed once the workspace has people.',
        example: ['id', 'email'],
      }),
    allowEmailUpdatesUsingId: z.boolean().default(false).meta({
      description: 'Whether a row whose key is the id may change an email that is already set.',
      example: true,
    }),
    keepImports: durationBetween('1d', '3650d').prefault('90d').meta({
      description:
        'How long the log of imports is kept. The newest ten imports of each sync are always kept.',
      example: '90d',
    }),
    keepFailures: wholeNumber(0).default(100_000).meta({
      description: 'How many failed rows of one import are kept whole. Their counts are exact beyond that.',
      example: 100_000,
    }),
  })
  .meta({ description: 'The workspace that this file describes.', example: { name: 'acme' } });
