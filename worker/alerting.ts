import type pino from 'pino';
import { lookForAlerts } from '../activities/alerting.js';
import type { Dependencies } from '../activities/dependencies.js';
import { fieldsOfError } from '../activities/translate-error.js';

/** How soon an alert is raised that no import's end raises, and one delivered whose worker was lost. */
const EVERY_MS = 30_000;

/**
 * Looks for alerts of a workspace, now and twice a minute, if its file has `alerts`. Any number of workers may do so at
 * once. It has looked once when this returns, so that whatever ends next is told.
 * @returns a function that ends it
 */
export async function startAlerting(dependencies: Dependencies, logger: pino.Logger): Promise<() => void> {
  if (dependencies.file.alerts === undefined) return () => undefined;
  const workspace = dependencies.file.settings.name;
  let looking = false;
  const look = async () => {
    if (looking) return;
    looking = true;
    try {
      await lookForAlerts(dependencies);
    } catch (error) {
      logger.warn(
        { workspace, ...fieldsOfError(error) },
        'could not look for alerts; it is tried again in half a minute',
      );
    } finally {
      looking = false;
    }
  };
  await look();
  const timer = setInterval(() => void look(), EVERY_MS);
  return () => clearInterval(timer);
}
