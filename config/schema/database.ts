import { z } from 'zod';
import { durationBetween } from '../duration.js';
import { hasBrokenReference } from '../environment-reference.js';
import { connectionUrl, awsText } from './values.js';

/** One of `databases`; which keys go with which type is in ../database-coherence.ts. */
export const database = z
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
