import {
  hasBrokenReference,
  isOnlyReferences,
  replaceReferences,
  wholeReference,
  type Reference,
} from './environment-reference.js';

const scheme = /^postgres(?:ql)?:\/\//i;
const example = '"postgres://user:${PASSWORD}@host:5432/database"';

/** A connection URL as it is written in the file: its parts still hold `${NAME}` references. */
interface WrittenUrl {
  password: string;
  /** Offsets of the host and port within the text. */
  hostStart: number;
  hostEnd: number;
  path: string;
  parameters: { name: string; value: string | undefined }[];
}

/**
 * What is wrong with a connection URL in the file, as the rest of a sentence that begins with its key; undefined if
 * nothing is. It never repeats any of the text, which may hold a password.
 */
export function connectionUrlProblem(text: string): string | undefined {
  if (holdsLiteralPassword(text)) {
    return `holds a password; passwords don't belong into this file: put it into an environment variable and refer to that, as in ${example}`;
  }
  if (hasBrokenReference(text)) {
    return 'holds a "${" that is no reference to an environment variable; the only form is ${NAME}, with letters, digits and _';
  }
  if (wholeReference(text) !== undefined) return undefined;
  if (!scheme.test(text)) {
    return `must be a URL such as ${example}, or one whole reference such as "\${DATABASE_URL}"`;
  }
  const url = takeApart(text);
  const strayAt =
    url.path.includes('@') ||
    url.parameters.some(({ name, value }) => value === undefined && name.includes('@'));
  if (strayAt || text.includes('#') || !isUrl(replaceReferences(text, () => '1'))) {
    return `isn't a valid URL; inside a user, password or name the characters / ? # @ : % must be written %2F %3F %23 %40 %3A %25`;
  }
  return undefined;
}

/** What is wrong with a URL that came whole from a variable, as the rest of a sentence; never repeats it. */
export function resolvedUrlProblem(url: string): string | undefined {
  if (!scheme.test(url)) return `doesn't hold a URL that begins with postgres:// or postgresql://`;
  if (!isUrl(url)) {
    return `doesn't hold a valid URL; inside a user, password or name the characters / ? # @ : % must be written %2F %3F %23 %40 %3A %25`;
  }
  return undefined;
}

/**
 * Fills in the references of a valid URL. A value that is only a part of the URL is percent-encoded, so that no
 * character in it can end the part it stands in; in the place of host and port `:` and `[]` keep their meaning.
 */
export function fillConnectionUrl(text: string, valueOf: (found: Reference) => string): string {
  if (wholeReference(text) !== undefined) return replaceReferences(text, (found) => valueOf(found).trim());
  const { hostStart, hostEnd } = takeApart(text);
  return replaceReferences(text, (found) => {
    const encoded = encodeURIComponent(valueOf(found));
    const inHost = found.start >= hostStart && found.end <= hostEnd;
    return inHost ? encoded.replaceAll(/%(3A|5B|5D)/g, decodeURIComponent) : encoded;
  });
}

function holdsLiteralPassword(text: string): boolean {
  const { password, parameters } = takeApart(text);
  const literal = (value: string | undefined) =>
    value !== undefined && value !== '' && !isOnlyReferences(value);
  return (
    literal(password) ||
    parameters.some(({ name, value }) => /^(ssl)?password$/i.test(decoded(name)) && literal(value))
  );
}

function takeApart(text: string): WrittenUrl {
  const authorityStart = text.includes('://') ? text.indexOf('://') + 3 : 0;
  const length = text.slice(authorityStart).search(/[/?#]/);
  const authorityEnd = length === -1 ? text.length : authorityStart + length;
  const at = text.slice(0, authorityEnd).lastIndexOf('@');
  const userinfo = text.slice(authorityStart, Math.max(at, authorityStart));
  const colon = userinfo.indexOf(':');
  const [path = '', ...queries] = text.slice(authorityEnd).split('?');
  const query = queries.join('?').split('#')[0] ?? '';
  return {
    password: colon === -1 ? '' : userinfo.slice(colon + 1),
    hostStart: at === -1 ? authorityStart : at + 1,
    hostEnd: authorityEnd,
    path,
    parameters: query.split('&').map((pair) => {
      const equals = pair.indexOf('=');
      return equals === -1
        ? { name: pair, value: undefined }
        : { name: pair.slice(0, equals), value: pair.slice(equals + 1) };
    }),
  };
}

/** libpq and node-postgres also take a URL with a user and no host, whose host is a parameter. */
function isUrl(text: string): boolean {
  return URL.canParse(text.replace('@/', '@localhost/'));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
