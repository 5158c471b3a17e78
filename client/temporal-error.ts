import { isGrpcServiceError, ServiceError, WorkflowUpdateFailedError } from '@temporalio/client';
import {
  ApplicationFailure,
  NamespaceNotFoundError,
  TemporalFailure,
  WorkflowNotFoundError,
} from '@temporalio/common';

/** gRPC's codes, https://grpc.io/docs/guides/status-codes/ */
const grpc = {
  deadlineExceeded: 4,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  unimplemented: 12,
  unavailable: 14,
  unauthenticated: 16,
};

/** A sentence on what Temporal's client threw; undefined if the error is not one of Temporal's. */
export function temporalSentence(error: unknown): string | undefined {
  if (error instanceof WorkflowUpdateFailedError || error instanceof TemporalFailure) return refusal(error);
  if (error instanceof WorkflowNotFoundError)
    return 'Temporal has no such workflow: the sync is not applied, or has ended.';
  if (error instanceof NamespaceNotFoundError) return noNamespace(error.namespace);
  const code = grpcCode(error);
  if (code === grpc.unavailable) return 'The Temporal server went away. Try again when it is back.';
  if (code === grpc.deadlineExceeded) return 'The Temporal server did not answer in time. Try again.';
  if (code === grpc.unimplemented) return 'What answers is not a Temporal server: check TEMPORAL_ADDRESS.';
  if (code === grpc.permissionDenied || code === grpc.unauthenticated) {
    return 'The Temporal server refused what was asked: check TEMPORAL_API_KEY and TEMPORAL_NAMESPACE.';
  }
  if (error instanceof ServiceError) {
    const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
    return `The Temporal server could not do what was asked (${error.message}${cause}).`;
  }
  return undefined;
}

export function noNamespace(namespace: string): string {
  return `The Temporal server has no namespace "${namespace}". Create it, or set TEMPORAL_NAMESPACE.`;
}

/** What the worker answered when it said no: the innermost of the failures that wrap one another. */
export function refusal(error: Error): string {
  let sentence = error.message;
  let cause: unknown = error;
  while (cause instanceof Error) {
    if (cause instanceof ApplicationFailure) sentence = cause.message;
    cause = cause.cause;
  }
  return sentence;
}

/** The server is gone or not reachable, perhaps for a while only. */
export function isServerGone(error: unknown): boolean {
  const code = grpcCode(error);
  return code === grpc.unavailable || code === grpc.deadlineExceeded || code === grpc.resourceExhausted;
}

/** Nobody polls the queue, as the server knows already. */
export function isWithoutPoller(error: unknown): boolean {
  return grpcCode(error) === grpc.failedPrecondition;
}

/** The code of the gRPC error that this is, or that caused it. */
function grpcCode(error: unknown): number | undefined {
  if (isGrpcServiceError(error)) return error.code;
  return error instanceof Error && error.cause !== undefined ? grpcCode(error.cause) : undefined;
}
