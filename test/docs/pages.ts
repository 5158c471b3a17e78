import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import GitHubSlugger from 'github-slugger';
import { marked, type Token, type Tokens } from 'marked';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** A fenced block. What follows its language says how it is tested (CONTRIBUTING.md, "What the pages show is run"). */
export interface Block {
  /** For people: `docs/store.md:20`. */
  place: string;
  language: string;
  /** `not-run="reason"` gives `not-run` → `reason`; a word alone gives the empty text. */
  marks: Map<string, string>;
  text: string;
}

export interface Page {
  /** From the repository's root, such as `docs/store.md`. */
  path: string;
  text: string;
  blocks: Block[];
  /** Where links and images point to, as they are written. */
  links: string[];
  /** What a link may name after `#`: the headings, by GitHub's rules. */
  anchors: Set<string>;
  /** The text from a heading of any level to the next one, by the heading's text. */
  sections: Map<string, string>;
}

/** Every page that users and contributors read. */
export async function readPages(): Promise<Page[]> {
  const docs = (await readdir(join(root, 'docs'))).filter((name) => name.endsWith('.md')).toSorted();
  const paths = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...docs.map((name) => `docs/${name}`)];
  return await Promise.all(
    paths.map(async (path) => parsePage(path, await readFile(join(root, path), 'utf8'))),
  );
}

export function parsePage(path: string, text: string): Page {
  const page: Page = { path, text, blocks: [], links: [], anchors: new Set(), sections: new Map() };
  const slugger = new GitHubSlugger();
  let heading = '';
  let line = 1;
  for (const top of marked.lexer(text)) {
    if (isHeading(top)) {
      heading = top.text;
      page.anchors.add(slugger.slug(textOf(top)));
    }
    page.sections.set(heading, (page.sections.get(heading) ?? '') + top.raw);
    const place = `${path}:${line}`;
    void marked.walkTokens([top], (token) => {
      if (isBlock(token)) page.blocks.push(blockOf(token, place));
      if (isLink(token)) page.links.push(token.href);
    });
    line += top.raw.split('\n').length - 1;
  }
  return page;
}

function blockOf({ lang = '', text }: Tokens.Code, place: string): Block {
  const [language = '', ...rest] = lang.split(' ');
  const marks = [...rest.join(' ').matchAll(/([\w-]+)(?:="([^"]*)"|=(\S+))?/g)];
  return {
    place,
    language,
    marks: new Map(marks.map(([, name = '', quoted, plain]) => [name, quoted ?? plain ?? ''])),
    text,
  };
}

/** As GitHub sees a heading: without its backquotes, and links by their text. */
function textOf(token: Token): string {
  if ('tokens' in token && token.tokens !== undefined) return token.tokens.map(textOf).join('');
  return 'text' in token ? String(token.text) : token.raw;
}

const isHeading = (token: Token): token is Tokens.Heading => token.type === 'heading';
const isLink = (token: Token): token is Tokens.Link => token.type === 'link' || token.type === 'image';
/** Indented blocks are not meant: they have no language, and no fence to say one. */
const isBlock = (token: Token): token is Tokens.Code =>
  token.type === 'code' && !('codeBlockStyle' in token && token.codeBlockStyle === 'indented');
