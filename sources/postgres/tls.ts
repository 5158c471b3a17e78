import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { checkServerIdentity, type ConnectionOptions } from 'node:tls';
import { SourceError } from '../source-error.js';
import { isSocketFolder, type Address } from './address.js';

/** One way to try to connect: with TLS so configured, or without. */
export type Attempt = { encrypted: false } | { encrypted: true; options: ConnectionOptions };

/**
 * The ways to connect that a TLS mode allows, in their order, as libpq does it: `allow` and `prefer` have a second one
 * for when the server refuses the first. A root certificate is checked against in every mode that uses TLS, and a Unix
 * socket never uses it. https://www.postgresql.org/docs/current/libpq-ssl.html
 *
 * @throws SourceError where a mode can't be had as configured, or a certificate's file can't be read
 */
export async function attempts(address: Address): Promise<Attempt[]> {
  const plain: Attempt = { encrypted: false };
  if (address.ssl === 'disable' || isSocketFolder(address.host)) return [plain];
  const encrypted: Attempt = { encrypted: true, options: await tlsOptions(address) };
  switch (address.ssl) {
    case 'allow':
      return [plain, encrypted];
    case 'prefer':
      return [encrypted, plain];
    default:
      return [encrypted];
  }
}

async function tlsOptions(address: Address): Promise<ConnectionOptions> {
  const { ssl, rootCert } = address;
  if (rootCert === 'system' && ssl !== 'verify-full') {
    throw unusable(address, `ssl: ${ssl} is too weak for sslrootcert=system; use verify-full`);
  }
  if (ssl === 'verify-ca' && rootCert === undefined) {
    throw unusable(
      address,
      'ssl: verify-ca needs sslRootCert, for a public authority vouches for anybody; name one, or use verify-full',
    );
  }
  const verifies = ssl === 'verify-full' || rootCert !== undefined;
  return {
    rejectUnauthorized: verifies,
    checkServerIdentity: ssl === 'verify-full' ? checkServerIdentity : () => undefined,
    ...(rootCert !== undefined && { ca: await trusted(address, rootCert) }),
    ...(address.clientCert !== undefined && { cert: await read(address, address.clientCert) }),
    ...(address.clientKey !== undefined && { key: await read(address, address.clientKey) }),
  };
}

/** Where Debian, Red Hat, Alpine and macOS keep the authorities that their administrators trust. */
const systemFiles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/cert.pem',
];

async function trusted(address: Address, rootCert: string): Promise<Buffer> {
  if (rootCert !== 'system') return read(address, rootCert);
  const file = systemFiles.find((one) => existsSync(one));
  if (file === undefined) throw unusable(address, 'no certificates of the system were found; name a file');
  return read(address, file);
}

async function read(address: Address, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch {
    throw unusable(address, `the certificate file ${file} can't be read`);
  }
}

function unusable({ name }: Address, problem: string): SourceError {
  return new SourceError({
    message: `TLS to database "${name}" can't be set up: ${problem}.`,
    phase: 'connect',
    retryable: false,
  });
}
