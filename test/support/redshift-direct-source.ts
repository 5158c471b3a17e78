import type { RedshiftDirectConnection } from '../../config/workspace-file.js';
import { openRedshiftDirect } from '../../sources/redshift-direct.js';
import type { Source } from '../../sources/source.js';

export function redshiftAt(url: string, settings: Partial<RedshiftDirectConnection> = {}): Source {
  return openRedshiftDirect({
    type: 'redshift-direct',
    name: 'warehouse',
    readOnly: true,
    url,
    ssl: undefined,
    queryTimeoutMs: 60_000,
    ...settings,
  });
}
