import { errorResponse } from './wire-frames.js';

const superOid = 4000;
const jsonOids = new Set([114, 3802]);
/** What PostgreSQL says of statement_timeout and of a cancel. */
const canceled = Buffer.from('\0Mcanceling statement due to');

/** A message of PostgreSQL's as Redshift would send it. */
export function asAnswerOfRedshift(message: Buffer): Buffer {
  switch (message.toString('latin1', 0, 1)) {
    case 'T':
      return withSuper(message);
    case 'E':
      return message.includes(canceled)
        ? errorResponse('57014', "Query (4711) canceled on user's request")
        : message;
    default:
      return message;
  }
}

/** A RowDescription whose json columns are SUPER. */
function withSuper(message: Buffer): Buffer {
  const changed = Buffer.from(message);
  const columns = changed.readInt16BE(5);
  for (let column = 0, at = 7; column < columns; column += 1) {
    const numbers = changed.indexOf(0, at) + 1;
    const oid = numbers + 6;
    if (jsonOids.has(changed.readUInt32BE(oid))) changed.writeUInt32BE(superOid, oid);
    at = numbers + 18;
  }
  return changed;
}
