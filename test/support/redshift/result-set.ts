import { invalid } from './api-error.js';
import type { ColumnMetadata } from './columns.js';

export interface PageLimits {
  rows: number;
  bytes: number;
}

/** The rows of one statement in pages, kept as the JSON that is sent. */
export class ResultSet {
  columns: ColumnMetadata = [];
  rows = 0;
  bytes = 0;
  readonly #limits: PageLimits;
  readonly #pages: string[] = [];
  #open: string[] = [];
  #openBytes = 0;

  constructor(limits: PageLimits) {
    this.#limits = limits;
  }

  add(row: string): void {
    this.#open.push(row);
    this.#openBytes += row.length;
    this.bytes += row.length;
    this.rows += 1;
    if (this.#open.length >= this.#limits.rows || this.#openBytes >= this.#limits.bytes) this.#closePage();
  }

  end(columns: ColumnMetadata): void {
    this.columns = columns;
    if (this.#open.length > 0) this.#closePage();
  }

  /** The Records of a page, as JSON. */
  page(number: number): string {
    return `[${this.#pages[number] ?? ''}]`;
  }

  hasPage(number: number): boolean {
    return number < this.#pages.length;
  }

  #closePage(): void {
    this.#pages.push(this.#open.join(','));
    this.#open = [];
    this.#openBytes = 0;
  }
}

let issued = 0;

/** No two tokens are alike, even for the same page: a client must not take an empty page for a repeated token. */
export const nextToken = (id: string, page: number): string =>
  Buffer.from(`${id}/${page}/${(issued += 1)}`).toString('base64url');

/** @throws ApiError ValidationException for a token that was not issued for this statement */
export function pageOf(token: string, id: string): number {
  const [owner, page] = Buffer.from(token, 'base64url').toString().split('/');
  if (owner !== id || !/^\d+$/.test(page ?? '')) throw invalid('Invalid NextToken.');
  return Number(page);
}
