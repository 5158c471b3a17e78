import {
  hasBrokenReference,
  isOnlyReferences,
  replaceReferences,
  wholeReference,
} from './environment-reference.js';

/*
 * What is wrong with `alerts` in the file or in its variables, as the rest of a sentence that begins with the key. None
 * repeats any of the text, which may be a credential.
 */

const broken =
  'holds a "${" that is no reference to an environment variable; the only form is ${NAME}, with letters, digits and _';

/** Of `alerts.url` as it is written. */
export function alertsUrlProblem(text: string): string | undefined {
  if (hasBrokenReference(text)) return broken;
  return wholeReference(text) === undefined
    ? webhookUrlProblem(replaceReferences(text, () => '1'))
    : undefined;
}

/** Of `alerts.url` with its variables filled in. */
export function webhookUrlProblem(url: string): string | undefined {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    return 'must be a URL that begins with https:// or http://, or one whole reference such as "${INLET_ALERTS_URL}"';
  const { username, password } = new URL(url);
  return username === '' && password === ''
    ? undefined
    : 'holds a user or a password, which Inlet does not send: alerts are signed with alerts.secret instead';
}

/** Of `alerts.secret` as it is written. */
export function alertsSecretProblem(text: string): string | undefined {
  if (hasBrokenReference(text)) return broken;
  return isOnlyReferences(text.replaceAll(/\s+/g, ''))
    ? undefined
    : `holds a secret; secrets don't belong into this file: put it into an environment variable and refer to that, as in "\${INLET_ALERTS_SECRET}"`;
}

/**
 * The keys in the text of secrets, the current one first.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme
 *
 * @returns undefined if one of them isn't "whsec_" and 24 to 64 bytes in base64
 */
export function signingKeys(text: string): Buffer[] | undefined {
  const secrets = text.split(/\s+/).filter((secret) => secret !== '');
  const keys = secrets.map((secret) => {
    const [, base64] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? [];
    return Buffer.from(base64 ?? '', 'base64');
  });
  const sound = keys.length > 0 && keys.every(({ length }) => length >= 24 && length <= 64);
  return sound ? keys : undefined;
}
