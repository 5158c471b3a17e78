import { openRedshiftDirect, type RedshiftDirectConnection } from '../../sources/redshift-direct.js';
import type { Source } from '../../sources/source.js';

export function redshiftAt(url: string, settings: Partial<RedshiftDirectConnection> = {}): Source {
  return openRedshiftDirect({ name: 'warehouse', url, ssl: undefined, queryTimeoutMs: 60_000, ...settings });
}
