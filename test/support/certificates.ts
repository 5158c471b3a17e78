import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  type KeyObject,
} from 'node:crypto';

/** A certificate with its key, both as PEM. */
export interface Certificate {
  certificate: string;
  key: string;
}

export interface CertificateOptions {
  commonName: string;
  /** Host names that it is for; none makes it an authority. */
  hosts?: string[];
  /** Who vouches for it, by name and key; itself where it is not given. */
  issuer?: { commonName: string; key: string };
  notAfter?: Date;
}

/**
 * Makes an X.509 certificate (https://www.rfc-editor.org/rfc/rfc5280) with a new P-256 key, so that tests need no
 * openssl on the machine and no keys in the repository.
 */
export function makeCertificate(options: CertificateOptions): Certificate {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = options.issuer ?? { commonName: options.commonName, key: pemOf(privateKey) };
  const algorithm = sequence(oid(ecdsaWithSha256));
  const toBeSigned = sequence(
    tagged(0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    nameOf(issuer.commonName),
    sequence(time(new Date(0)), time(options.notAfter ?? new Date(Date.UTC(2049, 0, 1)))),
    nameOf(options.commonName),
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
    tagged(3, sequence(...extensions(options.hosts))),
  );
  const signature = sign('sha256', toBeSigned, createPrivateKey(issuer.key));
  const der = sequence(toBeSigned, algorithm, bits(signature));
  return { certificate: pem('CERTIFICATE', der), key: pemOf(privateKey) };
}

const ecdsaWithSha256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const commonNameOid = [0x55, 0x04, 0x03];
const basicConstraints = [0x55, 0x1d, 0x13];
const subjectAltName = [0x55, 0x1d, 0x11];

function extensions(hosts: string[] | undefined): Buffer[] {
  if (hosts === undefined) {
    const authority = sequence(tlv(0x01, Buffer.from([0xff])));
    return [sequence(oid(basicConstraints), tlv(0x01, Buffer.from([0xff])), tlv(0x04, authority))];
  }
  const names = sequence(...hosts.map((host) => tlv(0x82, Buffer.from(host))));
  return [sequence(oid(subjectAltName), tlv(0x04, names))];
}

const nameOf = (commonName: string) =>
  sequence(tlv(0x31, sequence(oid(commonNameOid), tlv(0x0c, Buffer.from(commonName)))));

/** UTCTime, good until 2049. */
const time = (date: Date) =>
  tlv(0x17, Buffer.from(`${date.toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)}Z`));

const sequence = (...parts: Buffer[]) => tlv(0x30, ...parts);
const tagged = (number: number, part: Buffer) => tlv(0xa0 + number, part);
const integer = (bytes: Buffer) => tlv(0x02, bytes);
const oid = (bytes: number[]) => tlv(0x06, Buffer.from(bytes));
const bits = (bytes: Buffer) => tlv(0x03, Buffer.from([0]), bytes);

function tlv(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').replaceAll(/.{64}/g, '$&\n').trimEnd();
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
