import type { DatabaseConnection } from '../config/workspace-file.js';
import { openPostgres } from './postgres.js';
import type { Source } from './source.js';

const openers: { [Type in DatabaseConnection['type']]: (connection: DatabaseConnection) => Source } = {
  postgres: openPostgres,
};

/** The source that a database of inlet.yaml is. Nothing is connected until it is asked for something. */
export function openSource(connection: DatabaseConnection): Source {
  return openers[connection.type](connection);
}
