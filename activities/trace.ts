import type { ImportRef } from '../store/records.js';

/** Names and numbers only: never a row, a query's text or a connection string. */
export type SpanAttributes = Record<string, string | number | boolean>;

/** By what an import's spans are found. */
export const spanAttributes = ({ workspace, sync, number }: ImportRef): SpanAttributes => ({
  'inlet.workspace': workspace,
  'inlet.sync': sync,
  'inlet.import': number,
});

/** Where activities mark their phases for traces (docs/monitoring.md). */
export interface Trace {
  /**
   * Runs `work` as a span, within the one that is current where it is called.
   * @param work may note attributes that are known only later
   */
  span<T>(
    name: string,
    attributes: SpanAttributes,
    work: (note: (attributes: SpanAttributes) => void) => Promise<T>,
  ): Promise<T>;
}

/** Marks nothing: traces are off. */
export const untraced: Trace = { span: (_name, _attributes, work) => work(() => undefined) };
