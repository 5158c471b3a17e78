/** Writes inlet.schema.json, by which editors check and complete an inlet.yaml: `npm run schema`. */
import { writeFile } from 'node:fs/promises';
import { format } from 'prettier';
import { workspaceFileJsonSchema } from '../config/json-schema.js';

const path = new URL('../inlet.schema.json', import.meta.url);
await writeFile(
  path,
  await format(JSON.stringify(workspaceFileJsonSchema()), { parser: 'json', printWidth: 110 }),
);
