import type { Activities } from '../activities/activities.js';

/** The phase of an import that an activity belongs to, as the log and `inlet import` name it. */
const phaseOf: Partial<Record<keyof Activities, string>> = {
  askForWorkspace: 'wait',
  awaitClosed: 'wait',
  openImport: 'wait',
  stageQuery: 'stage',
  planChunks: 'plan',
  applyChunks: 'apply',
  closeImport: 'close',
  logUnopened: 'close',
};

const phases: Readonly<Record<string, string>> = phaseOf;

export interface LineFields {
  workspace?: string;
  sync?: string;
  import?: number;
  phase?: string;
}

/** Whose line it is, from the workflow's id (`import:acme/customers/7`) and the activity's type, as the SDK gives them. */
export function fieldsOf(workflowId: unknown, activityType: unknown): LineFields {
  return { ...namesIn(workflowId), ...phaseOfType(activityType) };
}

function namesIn(workflowId: unknown): LineFields {
  if (typeof workflowId !== 'string') return {};
  const [, kind, path = ''] = /^(import|sync|mutex):(.*)$/.exec(workflowId) ?? [];
  const [workspace, sync, number] = path.split('/');
  if (kind === undefined || workspace === undefined || workspace === '') return {};
  return {
    workspace,
    ...(sync !== undefined && { sync }),
    ...(kind === 'import' && number !== undefined && { import: Number(number) }),
  };
}

function phaseOfType(activityType: unknown): LineFields {
  const phase =
    typeof activityType === 'string' && Object.hasOwn(phases, activityType)
      ? phases[activityType]
      : undefined;
  return phase === undefined ? {} : { phase };
}
