import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span as OTLP carries it; times and links are left out. */
export interface ReceivedSpan {
  traceId: string;
  spanId: string;
  /** Empty for the first of its trace. */
  parentSpanId: string;
  name: string;
  attributes: Record<string, string | number | boolean>;
  /** The sentence of a span that ended in an error. */
  statusMessage: string;
}

/** A stand-in for a collector of traces, which takes OTLP over HTTP in protobuf. */
export interface OtlpReceiver {
  url: string;
  spans: ReceivedSpan[];
  /** Attributes of the processes that sent something. */
  resources: Record<string, string | number | boolean>[];
  /** All that came, byte for byte. */
  bytes(): Buffer;
  close(): Promise<void>;
}

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const resources: OtlpReceiver['resources'] = [];
  const bodies: Buffer[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      bodies.push(body);
      for (const resourceSpans of messages(body, 1)) {
        resources.push(attributesOf(messages(resourceSpans, 1)[0] ?? Buffer.alloc(0), 1));
        for (const scopeSpans of messages(resourceSpans, 2))
          spans.push(...messages(scopeSpans, 2).map(spanOf));
      }
      response.writeHead(200, { 'Content-Type': 'application/x-protobuf' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    resources,
    bytes: () => Buffer.concat(bodies),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Field numbers of opentelemetry/proto/trace/v1/trace.proto. */
function spanOf(span: Buffer): ReceivedSpan {
  const bytes = (field: number) => messages(span, field)[0] ?? Buffer.alloc(0);
  return {
    traceId: bytes(1).toString('hex'),
    spanId: bytes(2).toString('hex'),
    parentSpanId: bytes(4).toString('hex'),
    name: bytes(5).toString(),
    attributes: attributesOf(span, 9),
    statusMessage: (messages(bytes(15), 2)[0] ?? Buffer.alloc(0)).toString(),
  };
}

function attributesOf(message: Buffer, field: number): Record<string, string | number | boolean> {
  return Object.fromEntries(
    messages(message, field).map((pair) => {
      const key = (messages(pair, 1)[0] ?? Buffer.alloc(0)).toString();
      return [key, valueOf(messages(pair, 2)[0] ?? Buffer.alloc(0))];
    }),
  );
}

function valueOf(value: Buffer): string | number | boolean {
  const [first] = fieldsOf(value);
  if (first === undefined) return '';
  if (Buffer.isBuffer(first.value))
    return first.field === 4 ? first.value.readDoubleLE() : first.value.toString();
  return first.field === 2 ? first.value === 1 : first.value;
}

const messages = (message: Buffer, field: number): Buffer[] =>
  fieldsOf(message).flatMap((each) =>
    each.field === field && Buffer.isBuffer(each.value) ? [each.value] : [],
  );

/** The fields of a protobuf message: varints as numbers, all else as bytes. */
function fieldsOf(message: Buffer): { field: number; value: number | Buffer }[] {
  const fields: { field: number; value: number | Buffer }[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message[at] ?? 0;
      at += 1;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Buffer => {
    const taken = message.subarray(at, at + length);
    at += length;
    return taken;
  };
  while (at < message.length) {
    const tag = varint();
    const field = Math.floor(tag / 8);
    const type = tag % 8;
    if (type === 0) fields.push({ field, value: varint() });
    else fields.push({ field, value: take(type === 1 ? 8 : type === 5 ? 4 : varint()) });
  }
  return fields;
}
