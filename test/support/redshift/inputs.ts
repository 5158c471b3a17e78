import { z } from 'zod';
import { invalid } from './api-error.js';

/** The service's own pattern, which takes more than UUIDs. */
const id = z.string().regex(/^[a-z0-9]{8}(-[a-z0-9]{4}){3}-[a-z0-9]{12}(:\d+)?$/);
const waitTime = z.int().min(0).max(30).optional();

const submission = z.object({
  ClusterIdentifier: z.string().min(1).max(63).optional(),
  WorkgroupName: z
    .string()
    .regex(/^(.{3,128}|arn:.+)$/)
    .optional(),
  Database: z.string().min(1).optional(),
  DbUser: z.string().min(1).optional(),
  SecretArn: z.string().min(1).optional(),
  SessionId: id.optional(),
  SessionKeepAliveSeconds: z.int().min(0).max(86_400).optional(),
  StatementName: z.string().max(500).optional(),
  ClientToken: z.string().min(1).max(64).optional(),
  ResultFormat: z.enum(['JSON', 'CSV']).optional(),
  // Neither NULL nor an empty string can be given as a parameter.
  Parameters: z
    .array(z.object({ name: z.string().regex(/^[0-9a-zA-Z_]+$/), value: z.string().min(1) }))
    .min(1)
    .optional(),
  WaitTimeSeconds: waitTime,
});

/** The operations there are, each with what it takes. */
export const inputs = {
  ExecuteStatement: submission.extend({ Sql: z.string().min(1) }),
  BatchExecuteStatement: submission.extend({
    Sqls: z.array(z.string().min(1)).min(1).max(40),
    ExecutionMode: z.enum(['TRANSACTION', 'AUTO_COMMIT']).default('TRANSACTION'),
  }),
  DescribeStatement: z.object({ Id: id, WaitTimeSeconds: waitTime }),
  GetStatementResult: z.object({
    Id: id,
    NextToken: z.string().min(1).optional(),
    WaitTimeSeconds: waitTime,
  }),
  CancelStatement: z.object({ Id: id }),
};

export type Operation = keyof typeof inputs;
export type Submission = z.infer<typeof submission>;

/** @throws ApiError ValidationException */
export function parse<Shape extends z.ZodType>(shape: Shape, input: unknown): z.infer<Shape> {
  const parsed = shape.safeParse(input);
  if (parsed.success) return parsed.data;
  throw invalid(`Validation errors detected: ${z.prettifyError(parsed.error)}`);
}

/** The target is given exactly once: by a session, which has one already, or else by cluster or workgroup. */
export function checkTarget({ SessionId, ...target }: Submission): void {
  const { ClusterIdentifier, WorkgroupName, Database, DbUser } = target;
  if (SessionId !== undefined) {
    if ((ClusterIdentifier ?? WorkgroupName ?? Database ?? DbUser) !== undefined) {
      throw invalid(
        'ClusterIdentifier, WorkgroupName, Database and DbUser must not be given with SessionId.',
      );
    }
    return;
  }
  if ((ClusterIdentifier === undefined) === (WorkgroupName === undefined)) {
    throw invalid('Exactly one of ClusterIdentifier and WorkgroupName must be given.');
  }
  if (Database === undefined) throw invalid('Database must be given.');
}
