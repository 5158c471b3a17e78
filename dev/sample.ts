import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import {
  outcomeNames,
  relationshipOutcomeNames,
  type FailureCount,
  type FailureReason,
  type ImportRecord,
  type RelationshipCounts,
  type RowCounts,
} from '../store/records.js';
import { root } from './state.js';

/** The workspace's file, for databases that `inlet dev` has made. */
export const sampleFile = join(root, 'examples', 'inlet.yaml');

/** One more workspace's file, for the stand-in of Redshift. */
export const redshiftFile = join(root, 'examples', 'redshift.yaml');

/** What the first import of a sync must give, if it has not been tampered with (examples/crm.sql says why). */
interface Expected {
  counts: RowCounts;
  relationships?: RelationshipCounts;
  failures: Partial<Record<FailureReason, number>>;
}

export const expected: Record<string, Expected> = {
  companies: {
    counts: { rows: 500, added: 500, updated: 0, unchanged: 0, skipped: 0, superseded: 0, failed: 0 },
    failures: {},
  },
  customers: {
    counts: { rows: 10_000, added: 10_000, updated: 0, unchanged: 0, skipped: 0, superseded: 0, failed: 0 },
    relationships: {
      rows: 8_000,
      related: 7_500,
      changed: 0,
      unchanged: 500,
      removed: 0,
      superseded: 0,
      failed: 0,
    },
    failures: {},
  },
  newsletter: {
    counts: { rows: 3_333, added: 0, updated: 0, unchanged: 3_333, skipped: 0, superseded: 0, failed: 0 },
    failures: {},
  },
  leads: {
    counts: { rows: 600, added: 535, updated: 15, unchanged: 0, skipped: 0, superseded: 10, failed: 40 },
    failures: { blank_key: 12, too_long: 4, invalid_email: 12, belongs_to_another: 6, already_set: 6 },
  },
  spend: {
    counts: { rows: 4_000, added: 4_000, updated: 0, unchanged: 0, skipped: 0, superseded: 0, failed: 0 },
    failures: {},
  },
};

/** @returns in what the first import of a sync differs from what the sample must give, a phrase each */
export function differences(record: ImportRecord, failures: readonly FailureCount[]): string[] {
  const wanted = expected[record.sync];
  if (wanted === undefined) return [];
  if (record.counts === null) return [`import ${record.number} of ${record.sync} is ${record.status}`];
  const found = new Map(failures.map(({ reason, count }) => [reason, count]));
  const reasons = new Set([...found.keys(), ...reasonsOf(wanted)]);
  const { counts, relationships } = record;
  return [
    ...countNames.map((name) => ({ name, is: counts[name], should: wanted.counts[name] })),
    ...relationshipNames.map((name) => ({
      name: `relationships ${name}`,
      is: relationships?.[name] ?? 0,
      should: wanted.relationships?.[name] ?? 0,
    })),
    ...[...reasons].map((name) => ({ name, is: found.get(name) ?? 0, should: wanted.failures[name] ?? 0 })),
  ]
    .filter(({ is, should }) => is !== should)
    .map(({ name, is, should }) => `${record.sync}: ${name} is ${is} and should be ${should}`);
}

const countNames = ['rows', ...outcomeNames] as const;
const relationshipNames = ['rows', ...relationshipOutcomeNames] as const;

function reasonsOf({ failures }: Expected): FailureReason[] {
  const all: FailureReason[] = [
    'blank_key',
    'too_long',
    'invalid_email',
    'unstorable',
    'belongs_to_another',
    'already_set',
  ];
  return all.filter((reason) => failures[reason] !== undefined);
}

/**
 * A little life in the CRM: purchases, visits that change nothing Inlet looks at, somebody new, somebody who changes jobs,
 * and some who begin or stop to read the newsletter.
 */
export async function liveALittle(crmOwner: pg.Client): Promise<void> {
  await crmOwner.query(`
    UPDATE customers SET monthly_spend = monthly_spend + 1 + id % 20, updated_at = now()
    WHERE id IN (SELECT 1 + floor(random() * 10000)::int FROM generate_series(1, 5));

    UPDATE customers SET updated_at = now()
    WHERE id IN (SELECT 1 + floor(random() * 10000)::int FROM generate_series(1, 3));

    INSERT INTO customers
    SELECT n, 'customer.' || n || '@example.com', first_name(n), last_name(n), 'SE', 'free', false, 0, now(), now()
    FROM (SELECT max(id) + 1 FROM customers) new (n);

    UPDATE customers SET newsletter = NOT newsletter, updated_at = now()
    WHERE id IN (SELECT 1 + floor(random() * 10000)::int FROM generate_series(1, 2));

    WITH leaving AS (
      UPDATE memberships SET left_at = now(), updated_at = now()
      WHERE (customer_id, company_no) IN (
        SELECT customer_id, company_no FROM memberships WHERE left_at IS NULL ORDER BY random() LIMIT 1)
      RETURNING customer_id, company_no
    )
    INSERT INTO memberships
    SELECT l.customer_id, c.company_no, 'member', NULL, now()
    FROM leaving l CROSS JOIN LATERAL (
      SELECT company_no FROM companies WHERE company_no <> l.company_no ORDER BY random() LIMIT 1
    ) c
    ON CONFLICT (customer_id, company_no) DO UPDATE SET left_at = NULL, updated_at = now();
  `);
}

/** Runs examples/mend-leads.sql. */
export async function mendLeads(crmOwner: pg.Client): Promise<void> {
  await crmOwner.query(await readFile(join(root, 'examples', 'mend-leads.sql'), 'utf8'));
}
