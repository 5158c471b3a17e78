import { z } from 'zod';
import { alertsSecretProblem, alertsUrlProblem } from './alerts-text.js';
import { connectionUrlProblem } from './connection-url.js';
import { durationBetween } from './duration.js';
import { hasBrokenReference } from './environment-reference.js';
import { maxFailuresSchema } from './max-failures.js';

/*
 * The schemas of inlet.yaml. Descriptions go into docs/configuration.md and, without their marks and links, into the JSON
 * schema for editors; examples into that and into messages. `kind` says what a value is where the schema does not show it,
 * `unset` what holds without the key where there is no default: both are for the page only. After a change: npm run schema.
 * Every message here is the rest of a sentence that begins with the key: `syncs.customers.every must be …`. What
 * concerns more than one key is in coherence.ts.
 */

/** Names become parts of workflow ids, URLs and commands. */
export const namePattern = '^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$';
export const nameRule =
  'must be 1 to 63 letters (a-z, A-Z), digits, "-" or "_", and begin with a letter or a digit';

/** What an integer column of the store holds. */
const largestCount = 2_147_483_647;

function wholeNumber(least: number) {
  return z.int().min(least).max(largestCount);
}

/** Text for people; it is shown in terminals and in the Temporal UI. */
function readableText(longest: number) {
  return z
    .string()
    .min(1)
    .max(longest)
    .refine((text) => !/\p{Cc}/u.test(text.replaceAll(/[\n\t]/g, '')), 'holds control characters')
    .refine((text) => !/\p{Surrogate}/u.test(text), 'holds half of a surrogate pair');
}

/** What a thing of the workspace is called, exactly. */
function exactName(longest: number) {
  return readableText(longest).refine((text) => !/^\p{White_Space}+$/u.test(text), 'is blank');
}

function connectionUrl() {
  return z.string().check((context) => {
    const problem = connectionUrlProblem(context.value);
    if (problem !== undefined) {
      context.issues.push({ code: 'custom', message: problem, input: context.value });
    }
  });
}

/** A record whose names `coherence.ts` checks, so that what is under a wrong name is checked as well. */
function named<Value extends z.ZodType>(value: Value) {
  return z.record(z.string(), value).meta({ propertyNames: { type: 'string', pattern: namePattern } });
}

/** Text that may hold `${NAME}` references. */
function awsText() {
  return z
    .string()
    .min(1)
    .max(2048)
    .refine((text) => !hasBrokenReference(text), 'holds a "${" that is no reference such as ${NAME}');
}

const identifier = z.enum(['id', 'email']);

const store = z
  .strictObject({
    url: connectionUrl().prefault('${INLET_STORE_URL}').meta({
      description: 'Where the store is. Credentials as for [databases](#credentials-in-a-url).',
      kind: 'URL',
      example: '${INLET_STORE_URL}',
    }),
  })
  .prefault({})
  .meta({ description: "Inlet's own Postgres." });

const workspace = z
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

const database = z
  .strictObject({
    type: z.enum(['postgres', 'redshift', 'redshift-direct']).meta({
      description: 'The kind of database. [Amazon Redshift](redshift.md) has a page of its own.',
      example: 'postgres',
    }),
    url: connectionUrl().optional().meta({
      description:
        'For `postgres` and `redshift-direct`, and required there: `postgres://user@host:5432/database`, with [credentials](#credentials-in-a-url) from environment variables.',
      kind: 'URL',
      unset: 'see right',
      example: '${CRM_DATABASE_URL}',
    }),
    ssl: z
      .enum(['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'], {
        error: ({ input }) =>
          typeof input === 'boolean'
            ? 'is one of libpq\'s modes, not true or false: "verify-full" is the safe one, "disable" is without TLS'
            : undefined,
      })
      .optional()
      .meta({
        description:
          'With `url`: the TLS mode, by the names of libpq. Wins over `sslmode` in the URL. If neither is given, `verify-full` is used, unless the host is local.',
        unset: 'see right',
        example: 'verify-full',
      }),
    sslRootCert: z
      .string()
      .min(1)
      .refine((path) => !hasBrokenReference(path), 'holds a "${" that is no reference such as ${NAME}')
      .optional()
      .meta({
        description:
          'With `url`: the certificates to trust, a PEM file, relative to `inlet.yaml`. May hold `${NAME}`. `system`: those of the system. Wins over `sslrootcert` in the URL.',
        kind: 'path',
        unset: 'none',
        example: 'certs/ca.pem',
      }),
    region: awsText().optional().meta({
      description:
        'For `redshift`: the AWS region. Unless set, the AWS client finds one by its own rules (`AWS_REGION`, …).',
      unset: 'see right',
      example: 'us-east-1',
    }),
    cluster: awsText().optional().meta({
      description:
        'For `redshift`: the identifier of a provisioned cluster. Either this or `workgroup` is required.',
      unset: 'see right',
      example: 'analytics',
    }),
    workgroup: awsText().optional().meta({
      description:
        'For `redshift`: the name of a serverless workgroup. Either this or `cluster` is required.',
      unset: 'see right',
      example: 'analytics',
    }),
    database: awsText().optional().meta({
      description: 'For `redshift`, and required there: the database in the cluster or workgroup.',
      unset: 'see right',
      example: 'prod',
    }),
    dbUser: awsText().optional().meta({
      description:
        'For `redshift` with `cluster`: the database user for temporary credentials. Unless set, it is the IAM identity itself.',
      unset: 'none',
      example: 'inlet_reader',
    }),
    secretArn: awsText().optional().meta({
      description:
        'For `redshift`: the ARN of a secret in AWS Secrets Manager with user and password, instead of temporary credentials.',
      unset: 'none',
      example: '${REDSHIFT_SECRET_ARN}',
    }),
    endpoint: awsText().optional().meta({
      description: 'For `redshift`: another URL of the Data API, such as that of a VPC endpoint.',
      kind: 'URL',
      unset: "Amazon's",
      example: 'https://redshift-data.us-east-1.amazonaws.com',
    }),
    readOnly: z
      .union([z.boolean(), z.enum(['on', 'off'])], { error: () => 'must be true or false' })
      .default(true)
      .transform((written) => written === true || written === 'on')
      .meta({
        description:
          'For `redshift` and `redshift-direct`: whether queries run in `BEGIN READ ONLY`, which older clusters do not allow for external tables.',
        kind: '`true`, `false`',
        example: true,
      }),
    queryTimeout: durationBetween('1s', '24d').prefault('1h').meta({
      description: 'How long one query may take: from `1s` to `24d`.',
      example: '1h',
    }),
  })
  .meta({
    description: 'A database that syncs read from.',
    example: { type: 'postgres', url: '${CRM_DATABASE_URL}' },
  });

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

const sync = z
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

const alerts = z
  .strictObject({
    url: z
      .string()
      .check(({ value, issues }) => {
        const problem = alertsUrlProblem(value);
        if (problem !== undefined) issues.push({ code: 'custom', message: problem, input: value });
      })
      .meta({
        description:
          'Where [alerts](alerts.md) are posted to: `https://…` or `http://…`, whole or in part from `${NAME}` references.',
        example: '${INLET_ALERTS_URL}',
        kind: 'URL',
      }),
    secret: z
      .string()
      .check(({ value, issues }) => {
        const problem = alertsSecretProblem(value);
        if (problem !== undefined) issues.push({ code: 'custom', message: problem, input: value });
      })
      .meta({
        description:
          'What alerts are [signed](alerts.md#the-signature) with: a `${NAME}` reference to `whsec_` and 24 to 64 bytes in base64; two while it is changed.',
        example: '${INLET_ALERTS_SECRET}',
        kind: 'reference',
      }),
    after: durationBetween('1m', '365d').prefault('6h').meta({
      description:
        'How long `last_sync_time` may be held back before there is an alert: from `1m` to `365d`.',
      example: '6h',
    }),
  })
  .meta({
    description: 'A webhook that hears when a sync begins to fail, and when it has recovered.',
    example: { url: '${INLET_ALERTS_URL}', secret: '${INLET_ALERTS_SECRET}' },
  });

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
