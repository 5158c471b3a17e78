import { stat } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parsePage, readPages, root, type Page } from './pages.js';

const pages = await readPages();

describe.each(pages.map((page) => [page.path, page] as const))('%s', (_, page) => {
  test('has no link that leads nowhere', async () => {
    const broken = await Promise.all(page.links.map((link) => problemOf(link, page)));
    expect(broken.filter((problem) => problem !== undefined)).toEqual([]);
  });
});

test('a link that leads nowhere is found', async () => {
  const page = parsePage(
    'docs/store.md',
    '# A `b` c\n[1](#a-b-c) [2](#a) [3](none.md) [4](semantics.md#none) [5](../README.md) [6](http://) [7](/etc/passwd)',
  );
  const problems = await Promise.all(page.links.map((link) => problemOf(link, page)));
  expect(problems).toEqual([
    undefined,
    '#a: no such heading in docs/store.md',
    'none.md: no such file',
    'semantics.md#none: no such heading in docs/semantics.md',
    undefined,
    'http://: not a URL of the web',
    '/etc/passwd: not a relative link',
  ]);
});

/** External links are judged by their form only: the tests need no network. */
async function problemOf(link: string, page: Page): Promise<string | undefined> {
  if (/^[a-z]+:/i.test(link)) {
    return /^(https?:\/\/[\w-]+(\.[\w-]+)*[/:?#\w]|mailto:)/.test(link)
      ? undefined
      : `${link}: not a URL of the web`;
  }
  if (link.startsWith('/')) return `${link}: not a relative link`;
  const [file = '', anchor] = link.split('#');
  const path = file === '' ? page.path : normalize(join(dirname(page.path), file));
  const found = await stat(join(root, path)).catch(() => undefined);
  if (found === undefined) return `${link}: no such file`;
  if (anchor === undefined) return undefined;
  const target = path === page.path ? page : pages.find((other) => other.path === path);
  return target?.anchors.has(anchor) === true ? undefined : `${link}: no such heading in ${path}`;
}
