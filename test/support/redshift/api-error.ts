/** An exception of the API, as the client is to see it. */
export class ApiError extends Error {
  constructor(
    override readonly name: string,
    readonly status: number,
    message: string,
    readonly members: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }

  /** The body in the JSON 1.1 protocol. Exceptions outside the service's model spell the message in lower case. */
  toJson(): string {
    const unmodelled = ['ThrottlingException', 'AccessDeniedException', 'ExpiredTokenException'];
    const message = unmodelled.includes(this.name) ? { message: this.message } : { Message: this.message };
    return JSON.stringify({ __type: this.name, ...message, ...this.members });
  }
}

export const invalid = (message: string) => new ApiError('ValidationException', 400, message);

export const notFound = (message: string, id: string) =>
  new ApiError('ResourceNotFoundException', 404, message, { ResourceId: id });

export const noResult = (id: string) =>
  notFound('Query does not have result. Please check query status with DescribeStatement.', id);

export const throttled = () => new ApiError('ThrottlingException', 400, 'Rate exceeded');

export const tooMany = (what: 'Statements' | 'Sessions' | 'WaitingRequests', quota: number | string) =>
  new ApiError(
    `Active${what}ExceededException`,
    400,
    `Active ${what === 'WaitingRequests' ? 'waiting requests' : what.toLowerCase()} exceeded the allowed quota (${quota}).`,
  );

export const denied = (operation: string) =>
  new ApiError(
    'AccessDeniedException',
    400,
    `User: arn:aws:iam::123456789012:user/inlet is not authorized to perform: redshift-data:${operation}`,
  );
