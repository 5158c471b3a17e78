import type { Environment } from '../config/environment.js';
import { loadWorkspaceFile, type WorkspaceFile } from '../config/workspace-file.js';
import { openStore, type Store } from '../store/store.js';
import { wrongUse } from './exit.js';
import type { Output } from './output.js';
import type { Temporal } from './temporal.js';

export interface SessionOptions {
  /** The files that `--config` names, in their order; none: INLET_CONFIG, else ./inlet.yaml. */
  config: string[];
}

/** What one run of a command works with. Everything is opened when it is first asked for, and closed at the end. */
export class Session {
  readonly environment: Environment;
  readonly out: Output;
  readonly #options: SessionOptions;
  #file: Promise<WorkspaceFile> | undefined;
  #store: Store | undefined;
  #temporal: Promise<Temporal> | undefined;

  constructor(environment: Environment, out: Output, options: SessionOptions) {
    this.environment = environment;
    this.out = out;
    this.#options = options;
  }

  /** The files of a command that takes several. */
  get configPaths(): string[] {
    const { config } = this.#options;
    return config.length > 0 ? config : [this.environment.get('INLET_CONFIG') ?? 'inlet.yaml'];
  }

  /** What `--config` names, and nothing else: for a command that makes the file. */
  get givenConfig(): string[] {
    return this.#options.config;
  }

  /** The workspace's file. Throws ConfigError with all its mistakes. */
  file(): Promise<WorkspaceFile> {
    const [path, ...others] = this.configPaths;
    if (path === undefined || others.length > 0) {
      throw wrongUse(
        'This command works with one file: give --config once. Only "worker" and "check" take several.',
      );
    }
    this.#file ??= loadWorkspaceFile(path, this.environment);
    return this.#file;
  }

  /** The store of the file's workspace; it connects when it is first read. */
  async store(): Promise<Store> {
    this.#store ??= openStore((await this.file()).storeUrl(), { max: 2, applicationName: 'inlet' });
    return this.#store;
  }

  /** Loaded only here: commands that need no Temporal should not wait for its SDK. */
  temporal(): Promise<Temporal> {
    this.#temporal ??= import('./temporal.js').then(({ connectTemporal }) =>
      connectTemporal(this.environment),
    );
    return this.#temporal;
  }

  async close(): Promise<void> {
    const closeTemporal = async () => (await this.#temporal)?.close();
    await Promise.allSettled([this.#store?.close() ?? Promise.resolve(), closeTemporal()]);
  }
}
