import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import getPort from 'get-port';
import pg from 'pg';
import { inject } from 'vitest';
import { createInlet, type Inlet } from '../support/inlet.js';
import { startOtlpReceiver, type OtlpReceiver } from '../support/otlp-receiver.js';
import { startRedshiftDataApi } from '../support/redshift-data-api.js';
import { redshiftWire } from '../support/redshift-wire.js';
import { asUser } from '../support/source-database.js';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.js';

/** A value that occurs nowhere else; `seen` is in every one of them, so that one search finds any. */
const plant = (what: string) => `planted-${what}-${randomBytes(6).toString('hex')}`;

/** What is in rows, each where another error comes across it. */
export const cells = {
  cell: plant('cell'),
  failed: plant('failed-row'),
  cast: plant('cast'),
  midstream: plant('midstream'),
  raised: plant('raised'),
  planned: plant('planned'),
  stored: plant('stored'),
};

export const credentials = {
  source: plant('source-password'),
  store: plant('store-password'),
  webhookUrl: plant('webhook-url'),
  webhookSecret: randomBytes(24).toString('base64'),
  awsSecret: plant('aws-secret'),
  awsToken: plant('aws-token'),
  otlp: plant('otlp-header'),
};

export const databases = ['crm', 'warehouse', 'cluster'] as const;

/** The syncs of each database, and how the import of each ends; those that are described only are refused. */
export const ends = {
  rows: 'Some Rows Failed',
  cast: 'Failed',
  midstream: 'Failed',
  raised: 'Failed',
  stored: 'Failed',
} as const;

export interface PlantedWorkspace {
  inlet: Inlet;
  webhooks: WebhookReceiver;
  otlp: OtlpReceiver;
  /** Where the worker serves health and metrics. */
  listen: string;
  close(): Promise<void>;
}

/** A workspace with a sync for each way in which a database comes to quote a cell, on each type of database. */
export async function plantWorkspace(): Promise<PlantedWorkspace> {
  const [inlet, webhooks, otlp] = await Promise.all([
    createInlet(),
    startWebhookReceiver(),
    startOtlpReceiver(),
  ]);
  const role = `planted_${randomBytes(6).toString('hex')}`;
  const [sourceUrl = '', storeUrl = ''] = [inlet.env.CRM_DATABASE_URL, inlet.env.INLET_STORE_URL];
  await inlet.source.query(sourceSql(role));
  await inlet.store.query(storeSql(role, new URL(storeUrl).pathname.slice(1)));
  const api = await startRedshiftDataApi({ databaseUrl: sourceUrl });
  const wire = await redshiftWire(asUser(sourceUrl, `${role}_source`, credentials.source));
  const listen = `127.0.0.1:${await getPort({ host: '127.0.0.1' })}`;
  const temporary = join(inlet.directory, 'tmp');
  await mkdir(temporary);
  Object.assign(inlet.env, {
    TMPDIR: temporary,
    CRM_DATABASE_URL: asUser(sourceUrl, `${role}_source`, credentials.source),
    INLET_STORE_URL: asUser(storeUrl, `${role}_store`, credentials.store),
    CLUSTER_URL: wire.url,
    REDSHIFT_ENDPOINT: api.endpoint,
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: credentials.awsSecret,
    AWS_SESSION_TOKEN: credentials.awsToken,
    INLET_ALERTS_URL: `${webhooks.url}?key=${credentials.webhookUrl}`,
    INLET_ALERTS_SECRET: `whsec_${credentials.webhookSecret}`,
    INLET_LISTEN: listen,
    INLET_LOG_LEVEL: 'trace',
    INLET_DEBUG: '1',
    OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=${credentials.otlp}`,
    OTEL_BSP_SCHEDULE_DELAY: '200',
  });
  await inlet.write(file(inlet.workspace));
  return {
    inlet,
    webhooks,
    otlp,
    listen,
    async close() {
      await inlet.close();
      await Promise.all([webhooks.stop(), otlp.close(), api.close(), wire.stop()]);
      const client = new pg.Client({ connectionString: inject('postgresUrl') });
      await client.connect();
      await client.query(`DROP ROLE ${role}_source; DROP ROLE ${role}_store`);
      await client.end();
    },
  };
}

function file(workspace: string): string {
  const of = (database: string) => `
  ${database}-rows:
    database: ${database}
    every: 6h
    identifyBy: id
    query: SELECT id, email, note FROM customers
    relationships: { objectType: company, query: "SELECT id, note AS object_id FROM customers" }
  ${database}-cast:
    { database: ${database}, every: 6h, identifyBy: id, query: "SELECT '1' AS id, CAST(cell AS int) AS n FROM plants WHERE kind = 'cast'" }
  ${database}-midstream:
    database: ${database}
    every: 6h
    identifyBy: id
    query: |
      SELECT n AS id, CASE WHEN n = 30000 THEN (SELECT cell FROM plants WHERE kind = 'midstream') ELSE '7' END::int AS n
      FROM numbers ORDER BY n
  ${database}-raised: { database: ${database}, every: 6h, identifyBy: id, query: "SELECT id, note FROM complaints" }
  ${database}-planned:
    { database: ${database}, every: 6h, identifyBy: id, query: "SELECT '1' AS id, planned('syntax_error') AS note" }
  ${database}-unforeseen:
    { database: ${database}, every: 6h, identifyBy: id, query: "SELECT '1' AS id, planned('unique_violation') AS note" }
  ${database}-stored:
    { database: ${database}, every: 6h, identifyBy: id, query: "SELECT 's' AS id, cell AS note FROM plants WHERE kind = 'stored'" }`;
  return `
workspace: { name: ${workspace} }
alerts: { url: "\${INLET_ALERTS_URL}", secret: "\${INLET_ALERTS_SECRET}" }
databases:
  crm: { type: postgres, url: "\${CRM_DATABASE_URL}" }
  warehouse:
    { type: redshift, region: us-east-1, workgroup: analytics, database: dev, endpoint: "\${REDSHIFT_ENDPOINT}" }
  cluster: { type: redshift-direct, url: "\${CLUSTER_URL}", ssl: disable }
syncs:${databases.map(of).join('')}
`;
}

/** Functions of the source's owner that quote a cell: as rows are read, and as a query is only planned. */
const sourceSql = (role: string) => `
  CREATE ROLE ${role}_source LOGIN PASSWORD '${credentials.source}';
  CREATE TABLE customers (id text, email text, note text);
  INSERT INTO customers VALUES ('1', 'ada@example.com', '${cells.cell}'), ('2', '${cells.failed} no address', 'x');
  CREATE TABLE plants (kind text, cell text);
  INSERT INTO plants VALUES ('cast', '${cells.cast}'), ('midstream', '${cells.midstream}'), ('raised', '${cells.raised}'),
    ('planned', '${cells.planned}'), ('stored', '${cells.stored}');
  CREATE TABLE numbers AS SELECT generate_series(1, 30000) AS n;
  CREATE FUNCTION complain() RETURNS text LANGUAGE plpgsql AS $$
    DECLARE quoted text := (SELECT cell FROM public.plants WHERE kind = 'raised');
    BEGIN
      RAISE WARNING 'seen: %', quoted;
      RAISE EXCEPTION USING ERRCODE = 'unique_violation', MESSAGE = 'duplicate key: ' || quoted,
        DETAIL = format('Key (plan)=(%s) already exists.', quoted), HINT = quoted, CONSTRAINT = quoted;
    END $$;
  CREATE VIEW complaints AS SELECT id, complain() AS note FROM customers;
  CREATE FUNCTION planned(state text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
    BEGIN
      RAISE EXCEPTION USING ERRCODE = state, MESSAGE = 'odd: ' || (SELECT cell FROM public.plants WHERE kind = 'planned');
    END $$;
  GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}_source;`;

const storeSql = (role: string, database: string) => `
  CREATE ROLE ${role}_store LOGIN PASSWORD '${credentials.store}';
  GRANT CONNECT, CREATE, TEMPORARY ON DATABASE ${pg.escapeIdentifier(database)} TO ${role}_store;`;

/** A trigger of the store's owner that quotes a row which it doesn't like. */
export const storeTrigger = `
  CREATE FUNCTION refuse_planted() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.attributes::text LIKE '%planted-stored%' THEN RAISE EXCEPTION 'refused: %', NEW.attributes; END IF;
      RETURN NEW;
    END $$;
  CREATE TRIGGER refuse_planted BEFORE INSERT OR UPDATE ON inlet.person FOR EACH ROW EXECUTE FUNCTION refuse_planted();`;
