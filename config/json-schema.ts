import { z } from 'zod';
import { workspaceFileSchema } from './schema.js';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** The JSON schema of inlet.yaml as it is written, for editors; draft 7, which the YAML language server knows best. */
export function workspaceFileJsonSchema(): JsonSchema {
  return jsonSchema((schema) => {
    delete schema.kind;
    delete schema.unset;
    if (schema.description !== undefined) schema.description = withoutMarks(schema.description);
  });
}

/** The same with what only docs/configuration.md shows: descriptions as Markdown, `kind` and `unset` (see schema.ts). */
export function markedJsonSchema(): JsonSchema {
  return jsonSchema(() => undefined);
}

function jsonSchema(change: (schema: JsonSchema) => void): JsonSchema {
  return z.toJSONSchema(workspaceFileSchema, {
    io: 'input',
    target: 'draft-7',
    override: ({ jsonSchema }) => {
      // zod drops `examples` wherever a value is transformed, so the schemas say `example`.
      if ('example' in jsonSchema) {
        jsonSchema.examples = [jsonSchema.example];
        delete jsonSchema.example;
      }
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern; // says the same at forbidding length
      change(jsonSchema);
    },
  });
}

/** Editors show a description as it is: links and backquotes would only be in the way. */
function withoutMarks(markdown: string): string {
  return markdown.replaceAll(/\[([^\]]+)\]\([^)]*\)/g, '$1').replaceAll('`', '');
}

let made: JsonSchema | undefined;

/** What the JSON schema knows of the place that a path leads to; undefined where no such key is. */
export function describedPlace(path: readonly PropertyKey[]): JsonSchema | undefined {
  made ??= workspaceFileJsonSchema();
  let place: JsonSchema | boolean | undefined = made;
  for (const step of path) {
    if (typeof place !== 'object') return undefined;
    const { properties = {}, additionalProperties }: JsonSchema = place;
    place = Object.hasOwn(properties, step) ? properties[String(step)] : additionalProperties;
  }
  return typeof place === 'object' ? place : undefined;
}

/** The keys that a section takes; none if the path leads to no section. */
export function keysAt(path: readonly PropertyKey[]): string[] {
  return Object.keys(describedPlace(path)?.properties ?? {});
}

const sections = [
  [],
  ['store'],
  ['workspace'],
  ['alerts'],
  ['databases', '<name>'],
  ['syncs', '<name>'],
  ['syncs', '<name>', 'segment'],
  ['syncs', '<name>', 'relationships'],
];

/** The sections that have a key of this name, such as `workspace` or `syncs.<name>`. */
export function sectionsWith(key: string): string[] {
  return sections.filter((section) => keysAt(section).includes(key)).map((section) => section.join('.'));
}
