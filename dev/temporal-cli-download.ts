import { execa } from 'execa';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { whyUnusable } from './temporal-cli-check.js';

/** Where the SDKs' own test environments get it from. */
const HOST = 'https://temporal.download';

/** A host that drops packets instead of refusing them must not hold us up. */
const ANSWER_WITHIN_MS = 5_000;
const BYTES_WITHIN_MS = 20_000;

const downloadInfo = z.object({ archiveUrl: z.url(), fileToExtract: z.string() });
const packageFile = z.object({ version: z.string() });

/**
 * Downloads the CLI that belongs to our version of the SDK, in the way of @temporalio/testing: `/cli/default` names the
 * archive, and the file to take out of it. It is unpacked aside and moved into place once it runs.
 */
export async function downloadTemporalCli(
  directory: string,
  onProgress: (doing: string) => void,
  signal?: AbortSignal,
  host: string = HOST,
): Promise<string> {
  onProgress(`looking for the Temporal CLI at ${new URL(host).host}`);
  const { archiveUrl, fileToExtract } = await findArchive(host, signal);
  await mkdir(directory, { recursive: true });
  const aside = await mkdtemp(join(directory, 'downloading-'));
  try {
    await unpack(archiveUrl, fileToExtract, aside, onProgress, signal);
    const unpacked = join(aside, fileToExtract);
    const problem = await whyUnusable(unpacked);
    if (problem !== null) throw new Error(`what ${archiveUrl} holds does not run: ${problem}`);
    const place = join(directory, 'temporal');
    await rename(unpacked, place);
    return place;
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

async function findArchive(host: string, signal?: AbortSignal): Promise<z.infer<typeof downloadInfo>> {
  const url = new URL('/cli/default', host);
  url.search = new URLSearchParams({
    arch: process.arch === 'x64' ? 'amd64' : process.arch,
    platform: process.platform,
    format: 'tar.gz',
    'sdk-name': 'sdk-typescript',
    'sdk-version': sdkVersion(),
  }).toString();
  const response = await request(
    url,
    AbortSignal.any([AbortSignal.timeout(ANSWER_WITHIN_MS), ...(signal ? [signal] : [])]),
  );
  return downloadInfo.parse(await response.json());
}

async function unpack(
  archiveUrl: string,
  file: string,
  directory: string,
  onProgress: (doing: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  const stalled = new AbortController();
  const watch = setTimeout(() => stalled.abort(new Error('no bytes for 20 s.')), BYTES_WITHIN_MS);
  try {
    const response = await request(
      archiveUrl,
      AbortSignal.any([stalled.signal, ...(signal ? [signal] : [])]),
    );
    if (!response.body) throw new Error(`${archiveUrl} is empty.`);
    const total = Number(response.headers.get('content-length'));
    let received = 0;
    const count = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        watch.refresh();
        received += chunk.length;
        onProgress(
          `downloading the Temporal CLI: ${megabytes(received)}${total ? ` of ${megabytes(total)}` : ''} MB`,
        );
        done(null, chunk);
      },
    });
    const tar = execa('tar', ['-xzf', '-', '-C', directory, file], { reject: false });
    const [sent, { failed, shortMessage }] = await Promise.all([
      pipeline(Readable.fromWeb(response.body), count, tar.stdin).catch((error: unknown) => error),
      tar,
    ]);
    // A broken pipe only says that tar gave up, and tar knows why.
    if (sent instanceof Error && !('code' in sent && sent.code === 'EPIPE')) throw sent;
    if (failed) throw new Error(`${archiveUrl} can't be unpacked: ${shortMessage}`);
  } finally {
    clearTimeout(watch);
  }
}

async function request(url: URL | string, signal: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { signal });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new Error(
      `${new URL(url).host} can't be reached: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause: error,
      },
    );
  }
  if (!response.ok)
    throw new Error(`${new URL(url).host} answered ${response.status} ${response.statusText}.`);
  return response;
}

function sdkVersion(): string {
  return packageFile.parse(createRequire(import.meta.url)('@temporalio/client/package.json')).version;
}

const megabytes = (bytes: number) => (bytes / 1_000_000).toFixed(0);
