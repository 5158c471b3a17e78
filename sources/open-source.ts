import type { DatabaseConnection } from '../config/workspace-file.js';
import { openPostgres } from './postgres.js';
import { openRedshiftDirect } from './redshift-direct.js';
import { openRedshift } from './redshift.js';
import type { Source } from './source.js';

/** The source that a database of inlet.yaml is. Nothing is connected until it is asked for something. */
export function openSource(connection: DatabaseConnection): Source {
  switch (connection.type) {
    case 'postgres':
      return openPostgres(connection);
    case 'redshift':
      return openRedshift(connection);
    case 'redshift-direct':
      return openRedshiftDirect(connection);
  }
}
