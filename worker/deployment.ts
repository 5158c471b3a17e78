import type { WorkerOptions } from '@temporalio/worker';
import type { Environment } from '../config/environment.js';

/** Worker options of Temporal's worker versioning; empty unless it is asked for. */
export type Deployment = Pick<WorkerOptions, 'workerDeploymentOptions'>;

/**
 * Which version of which worker deployment this worker is (docs/deployment.md, "Worker versioning"). The variables' names
 * are those that Temporal's worker controller for Kubernetes sets.
 *
 * Every workflow moves on to the version that is current. To pin imports to the version that they began with would let
 * an import whose version has no worker left hold its workspace for ever; and whatever workflows are changed, recorded
 * histories are replayed in the tests.
 * @throws an Error that names the other variable if only one of the two is set
 */
export function deploymentOf(environment: Environment): Deployment {
  const deploymentName = environment.get('TEMPORAL_DEPLOYMENT_NAME');
  const buildId = environment.get('TEMPORAL_WORKER_BUILD_ID');
  if (deploymentName === undefined && buildId === undefined) return {};
  if (deploymentName === undefined || buildId === undefined) {
    const names = ['TEMPORAL_DEPLOYMENT_NAME', 'TEMPORAL_WORKER_BUILD_ID'];
    if (deploymentName === undefined) names.reverse();
    throw new Error(
      `${names.join(' is set and ')} is not. Set both for worker versioning, or neither to go without.`,
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
