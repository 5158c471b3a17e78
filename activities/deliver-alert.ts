import { log } from '@temporalio/activity';
import { findAlert, nextAlerts, noteAttempt } from '../store/alert-outbox.js';
import { alertId } from '../workflows/messages.js';
import type { Activities } from './activities.js';
import { startDeliveries } from './alerting.js';
import type { Dependencies } from './dependencies.js';
import { failure } from './failures.js';
import { postWebhook } from './webhook.js';

/** An alert that is older is no news any more. */
const GIVEN_UP_AFTER_MS = 24 * 3_600_000;

/** Makes the activity `deliverAlert`: see `Activities`. */
export function deliverAlertActivity(dependencies: Dependencies): Activities['deliverAlert'] {
  const { file, store } = dependencies;
  return async (ref) => {
    const alert = await findAlert(store, ref);
    if (alert === null || alert.givenUpAt !== null) return { outcome: 'given up' };
    if (alert.deliveredAt !== null) return { outcome: 'delivered' };
    const { workspace, sync, number, type, body } = alert;
    const late = Date.now() - alert.raisedAt.getTime() > GIVEN_UP_AFTER_MS;
    if (late) return await giveUp();

    const next = (await nextAlerts(store, workspace)).find((each) => each.sync === sync);
    if (next?.number !== number)
      throw failure('AlertNotDelivered', `Alert ${number} of "${sync}" waits for the one before it.`);
    if (file.alerts === undefined)
      throw failure('AlertNotDelivered', `This worker's file of the workspace "${workspace}" has no alerts.`);
    const { accepted, said } = await postWebhook(file.alerts.resolve(), {
      // Numbers come again where the store was restored from a backup; the moment does not.
      id: `${alertId(workspace, sync, number)}/${alert.raisedAt.getTime()}`,
      body,
    });
    await noteAttempt(store, ref, said, accepted ? 'delivered' : 'tried again');
    if (!accepted)
      throw failure('AlertNotDelivered', `The alert (${type}) was not accepted: ${said}. It is tried again.`);
    await goOn();
    return { outcome: 'delivered' };

    async function giveUp() {
      await noteAttempt(store, ref, null, 'given up');
      log.warn(
        `gave up alert ${number} of ${sync} (${type}) after 24 hours and ${alert?.attempts ?? 0} attempts`,
      );
      await goOn();
      return { outcome: 'given up' as const };
    }
  };

  /** To the sync's next alert; if that fails, the worker does it within half a minute. */
  async function goOn(): Promise<void> {
    await startDeliveries(dependencies).catch(() => undefined);
  }
}
