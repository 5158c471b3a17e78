import { z } from 'zod';
import { durationBetween } from '../duration.js';
import { maxFailuresSchema } from '../max-failures.js';
import { wholeNumber, readableText, exactName, identifier } from './values.js';

/** The query, as text or in a file of its own; `more` says what else is to know of it. */
function queryKeys(query: string, file: string, more = '') {
  return {
    query: z
      .string()
      .optional()
      .meta({
        description: `The SQL query, at most 256 KiB; either this or \`queryFile\` is required. \`{{last_sync_time}}\` in it becomes Unix seconds.${more}`,
        kind: 'SQL',
        unset: 'see right',
        example: query,
      }),
    queryFile: z.string().min(1).optional().meta({
      description: 'A file with the query, relative to `inlet.yaml`. Instead of `query`.',
      kind: 'path',
      unset: 'see right',
      example: file,
    }),
  };
}

const objectType = exactName(100);

const segment = z
  .strictObject({
    name: exactName(200).meta({
      description: 'The segment, exactly by this name.',
      example: 'CRM customers',
    }),
    create: z.boolean().default(false).meta({
      description:
        'Whether `apply` makes the segment if the workspace has none of this name. Without it the sync is refused, then, with the names that there are.',
      example: true,
    }),
    mirror: z.boolean().default(false).meta({
      description:
        'Whether people whom this sync added leave when they are no longer in the result of its query, which must then be without `{{last_sync_time}}`.',
      example: true,
    }),
    allowEmpty: z.boolean().default(false).meta({
      description: 'With `mirror`: whether a result without a row lets everybody leave, too.',
      example: false,
    }),
  })
  .meta({
    description: 'A manual segment that everybody whom a row is about joins. Not for objects.',
    example: { name: 'CRM customers', create: true },
  });

const relationships = z
  .strictObject({
    objectType: objectType.optional().meta({
      description:
        "The type of the related objects. Required in a sync of people; in a sync of objects it is that sync's own unless set.",
      unset: 'see right',
      example: 'company',
    }),
    identifyBy: identifier.optional().meta({
      description:
        "The identifier by which rows name a person. In a sync of people it is that sync's own unless set; else as for [syncs](#syncs).",
      unset: 'see right',
      example: 'id',
    }),
    ...queryKeys(
      'SELECT customer_id AS id, company_id AS object_id, role FROM memberships',
      'sql/memberships.sql',
      ' It is read in the same snapshot as the main query, and applied after it.',
    ),
  })
  .meta({
    description: 'A second query, whose rows relate people to objects.',
    example: { objectType: 'company', query: 'SELECT id, object_id …' },
    oneOf: [{ required: ['query'] }, { required: ['queryFile'] }],
  });

/** One of `syncs`; which keys go with which kind of rows is in ../kind-coherence.ts. */
export const sync = z
  .strictObject({
    name: readableText(200).optional().meta({
      description: 'A readable name.',
      unset: "the sync's key",
      example: 'CRM customers',
    }),
    description: readableText(2000).optional().meta({
      description: 'What the sync is for.',
      unset: 'none',
      example: 'Everybody in the CRM, with their plan',
    }),
    database: z.string().meta({
      description: 'Where the query runs.',
      kind: 'a name from `databases`',
      example: 'crm',
    }),
    every: durationBetween('1m', '3650d').meta({
      description: 'The interval, at least `1m`.',
      example: '1h',
    }),
    anchor: z.enum(['start', 'end']).optional().meta({
      description:
        'Whether the interval is measured from the start of the prior import or from its end. For `postgres` it is `start`, for Redshift `end`.',
      unset: 'by the database',
      example: 'start',
    }),
    whenBusy: z.enum(['wait', 'skip']).optional().meta({
      description:
        'What to do while another import has the workspace: wait for its turn, or skip this interval. With anchor `end` it waits; with `start` it skips, but the first run waits.',
      unset: 'by the anchor',
      example: 'wait',
    }),
    startAt: z.iso
      .datetime({
        offset: true,
        error: ({ input }) =>
          typeof input === 'string'
            ? 'must be a date and time with an offset, such as 2026-01-31T06:30:00+01:00 or 2026-01-31T05:30:00Z'
            : undefined,
      })
      .optional()
      .meta({
        description:
          'The first run, such as `2026-01-31T06:30:00+01:00`; later ones count from it. One in the past sets only the phase.',
        kind: 'date and time with offset',
        unset: 'at once',
        example: '2026-01-31T06:30:00+01:00',
      }),
    overlap: durationBetween('0s', '3650d').prefault('1s').meta({
      description: 'By how much `last_sync_time` is moved back, so that no row is missed. `0s` is allowed.',
      example: '1s',
    }),
    maxRows: wholeNumber(1).default(40_000_000).meta({
      description: 'An import one of whose queries gives more rows fails before anything is written.',
      example: 40_000_000,
    }),
    maxFailures: maxFailuresSchema.optional().meta({
      description:
        "How many of a query's rows may fail, as a percentage such as `5%` or a number; [more stop the import](semantics.md#too-many-failures).",
      example: '5%',
      kind: 'percentage, or whole number, 0 or more',
      unset: 'any number',
    }),
    import: z.enum(['people', 'objects']).default('people').meta({
      description: 'What the rows of the query are.',
      example: 'people',
    }),
    objectType: objectType.optional().meta({
      description: 'The type of the objects, exactly. Required with `import: objects`, and only there.',
      unset: 'see right',
      example: 'company',
    }),
    identifyBy: identifier.optional().meta({
      description:
        'The identifier that decides whom a row is about. Required if the workspace has two identifiers; if it has one, that one. Not for objects.',
      unset: 'see right',
      example: 'id',
    }),
    mode: z.enum(['add', 'update', 'add-and-update']).default('add-and-update').meta({
      description: 'Whether new people (or objects) are added, those that exist are updated, or both.',
      example: 'add-and-update',
    }),
    segment: segment.optional(),
    ...queryKeys('SELECT id, email, plan FROM customers', 'sql/customers.sql'),
    relationships: relationships.optional(),
  })
  .meta({
    description: 'What to query, where, how often, and what the rows are.',
    example: { database: 'crm', every: '1h', query: 'SELECT …' },
    oneOf: [{ required: ['query'] }, { required: ['queryFile'] }],
  });
