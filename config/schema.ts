import { z } from 'zod';
import { connectionUrlProblem } from './connection-url.js';
import { durationBetween } from './duration.js';
import { hasBrokenReference } from './environment-reference.js';

/*
 * The schemas of inlet.yaml. Descriptions and examples go into the JSON schema for editors, and examples into messages.
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
      description:
        "Connection URL of the store, Inlet's own Postgres. Credentials come from ${NAME} references to environment variables.",
      example: '${INLET_STORE_URL}',
    }),
  })
  .prefault({})
  .meta({ description: "Inlet's own Postgres." });

const workspace = z
  .strictObject({
    name: z.string().regex(new RegExp(namePattern), nameRule).meta({
      description: 'Name of the workspace, a part of workflow ids. Another name is another workspace.',
      example: 'acme',
    }),
    identifiers: z
      .array(identifier)
      .min(1)
      .refine((listed) => new Set(listed).size === listed.length, 'lists an identifier twice')
      .default(['id', 'email'])
      .meta({
        description:
          'Which columns identify a person. One that is not listed is an ordinary attribute. Fixed once people exist.',
        example: ['id', 'email'],
      }),
    allowEmailUpdatesUsingId: z.boolean().default(false).meta({
      description: 'Whether a row whose key is the id may change an email that is set.',
      example: true,
    }),
    keepImports: durationBetween('1d', '3650d').prefault('90d').meta({
      description: 'How long the log of imports is kept; the newest ten of each sync always are.',
      example: '90d',
    }),
    keepFailures: wholeNumber(0).default(100_000).meta({
      description: 'How many failed rows of one import are kept whole. Counts are exact beyond.',
      example: 100_000,
    }),
  })
  .meta({ description: 'The workspace that this file describes.', example: { name: 'acme' } });

const database = z
  .strictObject({
    type: z
      .enum(['postgres', 'redshift', 'redshift-direct'])
      .meta({ description: 'The kind of database.', example: 'postgres' }),
    url: connectionUrl().optional().meta({
      description:
        'Connection URL, whole or in part from ${NAME} references to environment variables. A literal password is refused.',
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
          "TLS mode, by libpq's names. Wins over sslmode in the URL. Without either: verify-full, unless the host is local.",
        example: 'verify-full',
      }),
    sslRootCert: z
      .string()
      .min(1)
      .refine((path) => !hasBrokenReference(path), 'holds a "${" that is no reference such as ${NAME}')
      .optional()
      .meta({
        description:
          'File of the certificates to trust, relative to this file; may hold ${NAME} references. "system": those of the system.',
        example: 'certs/ca.pem',
      }),
    region: awsText().optional().meta({
      description: "The AWS region. Unless set, the AWS client's own rules find one.",
      example: 'us-east-1',
    }),
    cluster: awsText().optional().meta({
      description: 'The identifier of a provisioned Redshift cluster. Either this or workgroup.',
      example: 'analytics',
    }),
    workgroup: awsText().optional().meta({
      description: 'The name of a Redshift Serverless workgroup. Either this or cluster.',
      example: 'analytics',
    }),
    database: awsText().optional().meta({
      description: 'The database in the cluster or workgroup.',
      example: 'prod',
    }),
    dbUser: awsText().optional().meta({
      description:
        'With cluster: the database user for temporary credentials. Unless set, it is the IAM identity itself.',
      example: 'inlet_reader',
    }),
    secretArn: awsText().optional().meta({
      description:
        'The ARN of a secret in AWS Secrets Manager with user and password. Instead of temporary credentials.',
      example: '${REDSHIFT_SECRET_ARN}',
    }),
    endpoint: awsText().optional().meta({
      description: 'Another URL of the Data API, such as that of a VPC endpoint.',
      example: 'https://redshift-data.us-east-1.amazonaws.com',
    }),
    readOnly: z
      .union([z.boolean(), z.enum(['on', 'off'])], { error: () => 'must be true or false' })
      .default(true)
      .transform((written) => written === true || written === 'on')
      .meta({
        description:
          'Whether queries run in BEGIN READ ONLY, which older clusters do not allow for external tables.',
        example: true,
      }),
    queryTimeout: durationBetween('1s', '24d').prefault('1h').meta({
      description: 'How long one query may take.',
      example: '1h',
    }),
  })
  .meta({
    description: 'A database that syncs read from.',
    example: { type: 'postgres', url: '${CRM_DATABASE_URL}' },
  });

/** The query, as text or in a file of its own. */
function queryKeys(query: string, file: string) {
  return {
    query: z.string().optional().meta({
      description: 'The SQL query. {{last_sync_time}} in it becomes Unix seconds.',
      example: query,
    }),
    queryFile: z.string().min(1).optional().meta({
      description: 'File with the SQL query, relative to this file. Instead of query.',
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
      description: 'Whether to make the segment if the workspace has none of this name.',
      example: true,
    }),
    mirror: z.boolean().default(false).meta({
      description:
        'Whether people whom this sync added leave the segment when they are no longer in the result. The query must be without {{last_sync_time}}.',
      example: true,
    }),
    allowEmpty: z.boolean().default(false).meta({
      description: 'With mirror: whether a query that returns no row empties the segment, too.',
      example: false,
    }),
  })
  .meta({
    description: 'A manual segment that everybody whom a row is about becomes a member of.',
    example: { name: 'CRM customers', create: true },
  });

const relationships = z
  .strictObject({
    objectType: objectType.optional().meta({
      description: "The type of the related objects. The sync's own, unless set, where that imports objects.",
      example: 'company',
    }),
    identifyBy: identifier.optional().meta({
      description:
        "The identifier by which rows name a person. The sync's own, unless set, where it has one.",
      example: 'id',
    }),
    ...queryKeys(
      'SELECT customer_id AS id, company_id AS object_id, role FROM memberships',
      'sql/memberships.sql',
    ),
  })
  .meta({
    description: 'A second query, read in the same snapshot, whose rows relate people to objects.',
    example: { objectType: 'company', query: 'SELECT id, object_id …' },
    oneOf: [{ required: ['query'] }, { required: ['queryFile'] }],
  });

const sync = z
  .strictObject({
    name: readableText(200).optional().meta({
      description: "The sync's readable name. Its key in this file, unless set.",
      example: 'CRM customers',
    }),
    description: readableText(2000).optional().meta({
      description: 'What the sync is for.',
      example: 'Everybody in the CRM, with their plan',
    }),
    database: z.string().meta({
      description: 'Which of the databases in this file the query runs on.',
      example: 'crm',
    }),
    every: durationBetween('1m', '3650d').meta({
      description: 'The interval, at least one minute.',
      example: '1h',
    }),
    anchor: z.enum(['start', 'end']).optional().meta({
      description:
        'Whether the interval is measured from the start or the end of the prior import. For postgres: start, unless set.',
      example: 'start',
    }),
    whenBusy: z.enum(['wait', 'skip']).optional().meta({
      description:
        'What an import does while another one has the workspace. Unless set: wait with anchor end, skip with anchor start.',
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
          'The first run, ISO 8601 with offset; later runs count from it. One in the past sets only the phase.',
        example: '2026-01-31T06:30:00+01:00',
      }),
    overlap: durationBetween('0s', '3650d').prefault('1s').meta({
      description: 'By how much last_sync_time is moved back, so that no row is missed.',
      example: '1s',
    }),
    maxRows: wholeNumber(1).default(40_000_000).meta({
      description: 'An import with more rows than this fails before anything is written.',
      example: 40_000_000,
    }),
    import: z.enum(['people', 'objects']).default('people').meta({
      description: 'What the rows of the query are.',
      example: 'people',
    }),
    objectType: objectType.optional().meta({
      description: 'The type of the objects. Only for import: objects, and required there.',
      example: 'company',
    }),
    identifyBy: identifier.optional().meta({
      description:
        'The identifier that decides whom a row is about. May be left out only if the workspace lists one identifier. Not for objects.',
      example: 'id',
    }),
    mode: z.enum(['add', 'update', 'add-and-update']).default('add-and-update').meta({
      description: 'Whether the sync adds people (or objects), updates them, or both.',
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

/** One inlet.yaml: one workspace. */
export const workspaceFileSchema = z
  .strictObject({
    store,
    workspace,
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
