import { parseArgs } from 'node:util';
import { startRedshiftDataApi } from '../test/support/redshift-data-api.js';

// A stand-in for Amazon's Redshift Data API in a process of its own, until SIGTERM. It runs what it is asked on the
// PostgreSQL of REDSHIFT_DOUBLE_DATABASE_URL: tsx scripts/redshift-double.ts [--port N]

const { values } = parseArgs({ options: { port: { type: 'string' } } });
const api = await startRedshiftDataApi({
  databaseUrl: process.env['REDSHIFT_DOUBLE_DATABASE_URL'] ?? '',
  port: Number(values.port ?? 0),
  resultRetentionMs: 600_000,
});
process.stdout.write(`A stand-in for the Redshift Data API, not Amazon's, listens on ${api.endpoint}\n`);
// Whoever forked us is told where, and takes us along when it goes.
process.send?.(api.endpoint);
const close = () => void api.close().finally(() => process.exit());
process.once('SIGTERM', close).once('disconnect', close);
