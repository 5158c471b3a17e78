/** Writes inlet.schema.json, by which editors check and complete an inlet.yaml, and the tables of docs/configuration.md. */
import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { workspaceFileJsonSchema } from '../config/json-schema.js';
import { withReferenceTables } from './reference-tables.js';

const place = (name: string) => new URL(`../${name}`, import.meta.url);
const style = await resolveConfig(place('package.json'));

const schema = JSON.stringify(workspaceFileJsonSchema());
await writeFile(place('inlet.schema.json'), await format(schema, { ...style, parser: 'json' }));

const page = place('docs/configuration.md');
const written = withReferenceTables(await readFile(page, 'utf8'));
await writeFile(page, await format(written, { ...style, parser: 'markdown' }));
