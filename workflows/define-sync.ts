import type { DefinedSync } from '../activities/activities.js';
import { activity } from './activity-policies.js';
import type { Defined, DefineRequest, SyncInput } from './messages.js';
import { refusal, refusedBy } from './refusal.js';

interface CheckedDefinition extends DefinedSync {
  /** For whoever sent it. */
  answer: Defined;
}

/**
 * Has a worker of the workspace check a definition and save it. A refusal reaches whoever sent it as it was said; then
 * nothing is changed.
 */
export async function checkAndSave(request: DefineRequest): Promise<CheckedDefinition> {
  const { workspace, sync } = request.definition;
  try {
    const check = activity(workspace, 'defineSync', `check the definition of ${sync} and save it`);
    const defined = await check(request);
    const { warnings, created, columns, relationshipColumns } = defined;
    const answer = { warnings, created, columns, ...(relationshipColumns && { relationshipColumns }) };
    return { ...defined, answer };
  } catch (error) {
    throw refusedBy(error, workspace);
  }
}

/** A definition must be for the sync that it is sent to. Throws before anything of it is in the history. */
export function refuseForeign({ workspace, sync }: SyncInput, { definition }: DefineRequest): void {
  if (definition.workspace === workspace && definition.sync === sync) return;
  throw refusal(
    'DefinitionRefused',
    `this is ${sync} of workspace ${workspace}, the definition is of ${definition.sync} of ${definition.workspace}`,
  );
}
