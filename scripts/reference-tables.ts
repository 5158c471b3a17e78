import { environmentVariables } from '../config/environment-variables.js';
import { markedJsonSchema } from '../config/json-schema.js';

type JsonSchema = ReturnType<typeof markedJsonSchema>;

/**
 * Writes the tables of docs/configuration.md anew: what stands between `<!-- keys of syncs.* -->` and `<!-- end -->` is
 * the reference of that section's keys, and so with `<!-- environment variables -->`. All else stays as it is.
 *
 * @param page the page's Markdown
 * @throws Error if a section of inlet.yaml has no such place on the page, or a place has no section
 */
export function withReferenceTables(page: string): string {
  const sections = sectionsOf(markedJsonSchema());
  const written = new Set<string>();
  const result = page.replaceAll(
    /(<!-- (?:keys of (\S+)|environment variables) -->\n).*?(<!-- end -->)/gs,
    (_, begin: string, section: string | undefined, end: string) => {
      written.add(section ?? 'environment variables');
      return `${begin}\n${section === undefined ? variablesTable() : keysTable(section, sections)}\n\n${end}`;
    },
  );
  const missing = [...sections.keys(), 'environment variables'].filter((place) => !written.has(place));
  if (missing.length > 0) throw new Error(`docs/configuration.md has no place for: ${missing.join(', ')}`);
  return result;
}

/** Every section that has keys of its own, by its path: `workspace`, `syncs.*`, `syncs.*.segment`. */
function sectionsOf(schema: JsonSchema, path = ''): Map<string, JsonSchema> {
  const below = path === '' ? '' : `${path}.`;
  const found = new Map<string, JsonSchema>();
  const add = (name: string, place: JsonSchema | boolean | undefined) => {
    if (typeof place !== 'object') return;
    if (place.properties !== undefined) found.set(name, place);
    for (const [inner, section] of sectionsOf(place, name)) found.set(inner, section);
  };
  for (const [key, value] of Object.entries(schema.properties ?? {})) add(below + key, value);
  add(`${below}*`, schema.additionalProperties);
  return found;
}

function keysTable(name: string, sections: Map<string, JsonSchema>): string {
  const section = sections.get(name);
  if (section === undefined) throw new Error(`inlet.yaml has no section ${name}`);
  const required = new Set(section.required);
  const rows = Object.entries(section.properties ?? {}).map(([key, value]) => {
    if (typeof value !== 'object') throw new Error(`${name}.${key} has no schema`);
    const otherwise = required.has(key) ? '**required**' : defaultOf(value);
    return [`\`${key}\``, kindOf(key, value), otherwise, value.description ?? ''];
  });
  return table(['key', 'type', 'default', 'meaning'], rows);
}

function variablesTable(): string {
  const code = (names: string) => names.replaceAll(/[^, ]+/g, (name) => `\`${name}\``);
  return table(
    ['variable', 'not set', 'meaning'],
    environmentVariables.map(({ name, unset, meaning }) => [code(name), unset, meaning]),
  );
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function kindOf(key: string, schema: JsonSchema): string {
  if (typeof schema.kind === 'string') return schema.kind;
  if (schema.enum !== undefined) return choices(schema.enum);
  if (schema.properties !== undefined) return `[section](#${key.toLowerCase()})`;
  if (schema.type === 'boolean') return choices([true, false]);
  if (schema.type === 'integer') return `whole number, ${schema.minimum ?? 0} or more`;
  if (schema.type === 'array' && typeof schema.items === 'object' && !Array.isArray(schema.items)) {
    return `list of ${kindOf(key, schema.items)}`;
  }
  if (schema.pattern?.includes('(\\d{1,9})d') === true) return '[duration](#durations)';
  if (schema.type === 'string') {
    const longest = schema.maxLength;
    return longest === undefined || longest > 2000
      ? 'text'
      : `text, up to ${longest.toLocaleString('en')} characters`;
  }
  throw new Error(`What is ${key}? Give it a kind in config/schema/.`);
}

function choices(values: readonly unknown[]): string {
  return values.map((value) => `\`${plain(value)}\``).join(', ');
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function defaultOf({ default: value, unset, properties }: JsonSchema): string {
  if (typeof unset === 'string') return unset;
  if (value === undefined || properties !== undefined) return 'none';
  return `\`${Array.isArray(value) ? `[${value.join(', ')}]` : plain(value)}\``;
}
