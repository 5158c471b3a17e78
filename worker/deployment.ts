import type { WorkerOptions } from '@temporalio/worker';
import type { Environment } from '../config/environment.js';

/** Worker options of Temporal's worker versioning; empty unless it is asked for. */
export type Deployment = Pick<WorkerOptions, 'workerDeploymentOptions'>;

/** The names that Temporal's worker controller for Kubernetes sets. */
const NAME = 'TEMPORAL_DEPLOYMENT_NAME';
const BUILD = 'TEMPORAL_WORKER_BUILD_ID';

/**
 * Which version of which worker deployment this worker is (docs/deployment.md, "Worker versioning").
 *
 * Every workflow moves on to the version that is current. To pin imports to the version that they began with would let
 * an import whose version has no worker left hold its workspace for ever; and whatever workflows are changed, recorded
 * histories are replayed in the tests.
 * @throws an Error that names the other variable if only one of the two is set
 */
export function deploymentOf(environment: Environment): Deployment {
  const deploymentName = environment.get(NAME);
  const buildId = environment.get(BUILD);
  if (deploymentName === undefined && buildId === undefined) return {};
  if (deploymentName === undefined || buildId === undefined) {
    const [set, missing] = buildId === undefined ? [NAME, BUILD] : [BUILD, NAME];
    throw new Error(
      `${set} is set and ${missing} is not. Set both for worker versioning, or neither to go without.`,
    );
  }
  return {
    workerDeploymentOptions: {
      version: { deploymentName, buildId },
      useWorkerVersioning: true,
      defaultVersioningBehavior: 'AUTO_UPGRADE',
    },
  };
}

/** What to do so that a versioned worker gets work, for its log. */
export function sayWhatMakesItCurrent({ workerDeploymentOptions }: Deployment): string | undefined {
  if (workerDeploymentOptions?.version === undefined) return undefined;
  const { deploymentName, buildId } = workerDeploymentOptions.version;
  return `gets work once its version is current: temporal worker deployment set-current-version --deployment-name ${deploymentName} --build-id ${buildId}`;
}
