import type { SearchAttributePair } from '@temporalio/common';
import { CancellationScope, upsertSearchAttributes } from '@temporalio/workflow';
import { activity } from './activity-policies.js';
import { searchAttributeKeys } from './messages.js';
import type { SyncInput } from './messages.js';

/*
 * Search attributes, by which Temporal's UI and CLI find syncs and imports: `InletWorkspace = 'acme'`. To set one that
 * the namespace doesn't have fails the workflow's task until it has. So they are set only in the workflow task that
 * follows an activity which has just seen them: for imports those that open and close them, for syncs one of its own.
 */

type Of = Pick<SyncInput, 'workspace' | 'sync'>;

/** To be called only at once after an activity has seen the search attributes. */
export function publishStatus({ workspace, sync }: Of, status: string): void {
  const pairs: SearchAttributePair[] = [
    { key: searchAttributeKeys.workspace, value: workspace },
    { key: searchAttributeKeys.sync, value: sync },
    { key: searchAttributeKeys.status, value: status },
  ];
  upsertSearchAttributes(pairs);
}

/** Keeps a sync's status up to date, one change after the other; changes that follow soon upon another are one. */
export class PublishedStatus {
  readonly #of: Of;
  #wanted: string | undefined;
  #published: string | undefined;
  #publishing = false;

  constructor(of: Of) {
    this.#of = of;
  }

  show(status: string): void {
    this.#wanted = status;
    if (!this.#publishing) void this.#publish();
  }

  /** False while a change is on its way. */
  get settled(): boolean {
    return !this.#publishing;
  }

  async #publish(): Promise<void> {
    this.#publishing = true;
    await CancellationScope.nonCancellable(async () => {
      while (this.#wanted !== this.#published) {
        const seen = await this.#look();
        this.#published = this.#wanted;
        if (seen && this.#wanted !== undefined) publishStatus(this.#of, this.#wanted);
      }
      this.#publishing = false;
    });
  }

  /** Where no worker has the workspace, or only one of an older version, nothing is set. */
  async #look(): Promise<boolean> {
    const look = activity(
      this.#of.workspace,
      'searchAttributesExist',
      'look whether there are search attributes',
    );
    return await look().catch(() => false);
  }
}
