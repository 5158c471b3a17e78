import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a sync brings in; each kind is as users have it, and has its own check (compare.ts). */
export type SyncKind = 'companies' | 'customers' | 'newsletter' | 'scores';

export interface LoadSync {
  name: string;
  kind: SyncKind;
}

export interface LoadWorkspace {
  name: string;
  /** Its number in the source's tables, from 1. */
  tenant: number;
  /** Its inlet.yaml. */
  file: string;
  syncs: LoadSync[];
}

/** In the order in which they must be imported so that a first import finds what it needs. */
export const kinds: readonly SyncKind[] = ['companies', 'customers', 'newsletter', 'scores'];

/** Writes a file for each workspace into the directory. */
export async function writeWorkspaces(
  directory: string,
  { workspaces, syncs }: { workspaces: number; syncs: number },
): Promise<LoadWorkspace[]> {
  const each = Array.from({ length: workspaces }, (_, index) => {
    const tenant = index + 1;
    const name = `load-${String(tenant).padStart(2, '0')}`;
    return { name, tenant, file: join(directory, name, 'inlet.yaml'), syncs: syncsOf(syncs) };
  });
  for (const workspace of each) {
    await mkdir(join(directory, workspace.name), { recursive: true });
    await writeFile(workspace.file, fileText(workspace));
  }
  return each;
}

function syncsOf(count: number): LoadSync[] {
  return Array.from({ length: count }, (_, index) => {
    const kind = kinds[index % kinds.length] ?? 'companies';
    return { kind, name: index < kinds.length ? kind : `${kind}-${1 + Math.floor(index / kinds.length)}` };
  });
}

function fileText({ name, tenant, syncs }: LoadWorkspace): string {
  return `workspace: { name: ${name} }
databases:
  app: { type: postgres, url: "\${SOURCE_URL}" }
syncs:
${syncs.map((sync) => `  ${sync.name}:\n${definitions[sync.kind](tenant)}`).join('')}`;
}

/** Two that read what changed, with the defaults; one that mirrors; and one that reads all, measured from its end. */
const definitions: Record<SyncKind, (tenant: number) => string> = {
  companies: (tenant) => `    database: app
    every: 1m
    import: objects
    objectType: company
    query: |
      SELECT company_no AS object_id, name, seats FROM companies
      WHERE workspace = ${tenant} AND updated_at > to_timestamp({{last_sync_time}})
`,
  customers: (tenant) => `    database: app
    every: 1m
    identifyBy: id
    segment: { name: Customers, create: true }
    query: |
      SELECT id, email, first_name, plan, spend FROM customers
      WHERE workspace = ${tenant} AND updated_at > to_timestamp({{last_sync_time}})
    relationships:
      objectType: company
      query: |
        SELECT id, company_no AS object_id FROM customers
        WHERE workspace = ${tenant} AND updated_at > to_timestamp({{last_sync_time}})
`,
  newsletter: (tenant) => `    database: app
    every: 1m
    identifyBy: id
    mode: update
    segment: { name: Newsletter, create: true, mirror: true }
    query: SELECT id FROM customers WHERE workspace = ${tenant} AND newsletter
`,
  scores: (tenant) => `    database: app
    every: 1m
    anchor: end
    identifyBy: id
    mode: update
    query: SELECT id, score FROM customers WHERE workspace = ${tenant}
`,
};
