import { SourceError, type SourcePhase } from '../source-error.js';
import type { RedshiftConnection } from '../../config/workspace-file.js';

/** Whether the service or its client gave an error of this name. */
export const isNamed = (error: unknown, ...names: string[]): boolean =>
  error instanceof Error && names.includes(error.name);

/** The service may let us in later, or answer again; by name, since some are in no model of the API. */
const passing = new Set([
  'ThrottlingException',
  'InternalServerException',
  'InternalFailure',
  'ServiceUnavailable',
  'ExecuteStatementException',
  'BatchExecuteStatementException',
  'ActiveStatementsExceededException',
  'ActiveSessionsExceededException',
  'ActiveWaitingRequestsExceededException',
  'DatabaseConnectionException',
  'RepeatedPage',
  'TimeoutError',
]);
const network = /^(?:ECONN|ETIMEDOUT|EPIPE|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|UND_ERR)/;

const credentials = new Set([
  'CredentialsProviderError',
  'ExpiredTokenException',
  'ExpiredToken',
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'InvalidClientTokenId',
]);

/** An error of the Data API or its client, as one that users can read; the service's own words are left out of it. */
export function apiError(
  error: unknown,
  { name }: Pick<RedshiftConnection, 'name'>,
  phase: SourcePhase,
): Error {
  if (error instanceof SourceError) return error;
  if (!(error instanceof Error)) return new Error('The Data API failed.', { cause: error });
  // The error itself is no cause: whatever prints causes would print what the service says of rows.
  const said = (message: string, retryable: boolean) =>
    new SourceError({ message, phase, retryable, databaseMessage: error.message });
  const at = `database "${name}" (Amazon Redshift Data API)`;
  const code = 'code' in error ? String(error.code) : '';
  if (credentials.has(error.name))
    return said(
      `AWS takes no credentials for ${at}: ${error.name}. Give this process valid ones, where the AWS SDK looks for them (docs/redshift.md).`,
      error.name.startsWith('Expired'),
    );
  if (/region is missing/i.test(error.message))
    return said(
      `Nothing says in which AWS region ${at} is. Set its region in inlet.yaml, or AWS_REGION in the environment.`,
      false,
    );
  if (error.name === 'AccessDeniedException')
    return said(
      `AWS denies this process's identity what it needs on ${at}. docs/redshift.md has the IAM policy; "inlet check" shows what is denied.`,
      false,
    );
  if (error.name === 'ResourceNotFoundException')
    return said(
      `The statement or its result on ${at} is not there any more; results are kept for 24 hours.`,
      true,
    );
  if (error.name === 'ValidationException')
    return said(
      phase === 'read'
        ? `The Data API refuses what it was asked on ${at}. "inlet import" shows what it said.`
        : `The Data API refuses what it was asked on ${at}: ${firstLine(error.message)}`,
      false,
    );
  if (passing.has(error.name) || network.test(code) || /socket hang up|ECONNRESET/.test(error.message))
    return said(
      `Database "${name}" (Amazon Redshift Data API) can't be reached or is too busy (${code === '' ? error.name : code}).`,
      true,
    );
  return said(`Database "${name}" (Amazon Redshift Data API) failed (${error.name}).`, true);
}

const firstLine = (text: string) => (text.split('\n')[0] ?? '').slice(0, 300);
