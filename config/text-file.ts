import { readFile, stat } from 'node:fs/promises';

/** Larger is no configuration, but a mistake. */
const mostMegabytes = 10;

const notText = 'is not text in UTF-8. Save it as UTF-8.';

/** The text of a UTF-8 file without byte order mark, or why there is none, as the rest of a sentence. */
export async function readTextFile(path: string): Promise<{ text: string } | { problem: string }> {
  try {
    const about = await stat(path);
    if (about.isDirectory()) return { problem: 'is a directory, not a file.' };
    if (!about.isFile()) return { problem: 'is not a regular file.' };
    if (about.size > mostMegabytes * 1024 * 1024) {
      return { problem: `is larger than ${mostMegabytes} MB. Is it the right file?` };
    }
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
    return text.includes('\0') ? { problem: notText } : { text };
  } catch (error) {
    return { problem: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'does not exist.';
    case 'EACCES':
    case 'EPERM':
      return 'may not be read by this user.';
    case 'ERR_ENCODING_INVALID_ENCODED_DATA':
      return notText;
    default:
      return `can't be read${code === '' ? '' : ` (${code})`}.`;
  }
}
