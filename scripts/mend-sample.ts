import { readEnvironment } from '../config/environment.js';
import { connected } from '../dev/databases.js';
import { mendLeads } from '../dev/sample.js';

// npm run sample:mend: mends the leads of the sample CRM that "npm start" runs, as examples/mend-leads.sql says.
const url = readEnvironment().get('CRM_OWNER_URL');
if (url === undefined) {
  process.stderr.write(
    'There is no sample CRM here: "npm start" makes one, and says in .inlet/env where it is.\n',
  );
  process.exit(2);
}
try {
  await connected(url, mendLeads);
  process.stdout.write('The leads are mended. "npx inlet trigger leads --wait" imports them now.\n');
} catch (error) {
  process.stderr.write(
    `The sample CRM could not be mended: ${error instanceof Error ? error.message : String(error)}.\n`,
  );
  process.exitCode = 1;
}
