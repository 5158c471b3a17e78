/** A variable that Inlet, or a library that it uses, takes from the environment or from .inlet/env. */
export interface EnvironmentVariable {
  name: string;
  /** Markdown: what holds if it is not set. */
  unset: string;
  /** Markdown, a sentence or two: what it does. */
  meaning: string;
  /** Who reads it, if that is not `environment.get('…')` in Inlet's own code. */
  readBy?: 'inlet.yaml' | 'Temporal' | 'AWS' | 'gRPC' | 'OpenTelemetry';
}

/**
 * The table in docs/configuration.md#environment-variables, which `npm run schema` writes; a test looks for every variable
 * that the code reads. Those that an inlet.yaml names are its own affair, and not here.
 */
export const environmentVariables: readonly EnvironmentVariable[] = [
  {
    name: 'INLET_STORE_URL',
    unset: 'an error',
    meaning: 'Connection URL of the store, unless `store.url` in `inlet.yaml` says otherwise.',
    readBy: 'inlet.yaml',
  },
  {
    name: 'INLET_CONFIG',
    unset: '`inlet.yaml`',
    meaning: "The workspace's file, where `--config` is not given.",
  },
  {
    name: 'INLET_TASK_QUEUE',
    unset: '`inlet`',
    meaning:
      "Temporal task queue of the workflows, for workers and commands alike. Activities run on a queue for each workspace: this name, a colon and the workspace's.",
  },
  {
    name: 'INLET_ENCRYPTION_KEYS',
    unset: 'nothing is encrypted',
    meaning:
      'Keys with which workers and commands encrypt what they send to Temporal, as `id:base64` with commas between: the first encrypts, all decrypt ([Encryption](encryption.md)).',
  },
  {
    name: 'INLET_CODEC_TOKEN',
    unset: 'an error',
    meaning: 'For `inlet codec-server` only: the token that it asks for, of 16 characters or more.',
  },
  {
    name: 'INLET_LISTEN',
    unset: 'nowhere',
    meaning:
      'Host and port at which a worker serves health and metrics ([Monitoring](monitoring.md)), where `--listen` is not given.',
  },
  {
    name: 'INLET_LOG_LEVEL',
    unset: '`info`',
    meaning:
      "How much a worker's log says: `trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent` ([Monitoring](monitoring.md#log)).",
  },
  {
    name: 'INLET_DEV_POSTGRES_URL',
    unset: 'not of `inlet dev`',
    meaning:
      'Written by `inlet dev` into its `.inlet/env`: its PostgreSQL as superuser. `inlet init` leaves such a file alone.',
  },
  {
    name: 'GITHUB_WORKSPACE',
    unset: 'the working directory',
    meaning:
      'Set by GitHub Actions: what paths of `inlet check --format github` and `sarif` are relative to.',
  },
  {
    name: 'INLET_DEBUG',
    unset: 'off',
    meaning: '`1`: commands show where an error came from.',
  },
  {
    name: 'INLET_TEMPORAL_CLI',
    unset: 'searched, downloaded or built',
    meaning: 'The Temporal CLI that `inlet dev`, `npm start` and `npm test` start their server with.',
  },
  {
    name: 'PATH',
    unset: 'nothing is found',
    meaning: 'Where `inlet dev` looks for a Temporal CLI, and for `go` to build one.',
  },
  {
    name: 'NO_COLOR',
    unset: 'colour on terminals',
    meaning: 'Anything: no colour on terminals, either ([no-color.org](https://no-color.org)).',
  },
  {
    name: 'TEMPORAL_ADDRESS',
    unset: '`localhost:7233`',
    meaning: 'Host and port of the Temporal server.',
    readBy: 'Temporal',
  },
  {
    name: 'TEMPORAL_NAMESPACE',
    unset: '`default`',
    meaning: 'The Temporal namespace.',
    readBy: 'Temporal',
  },
  {
    name: 'TEMPORAL_API_KEY',
    unset: 'none',
    meaning: 'An API key, as Temporal Cloud gives them. It turns TLS on.',
    readBy: 'Temporal',
  },
  {
    name: 'TEMPORAL_TLS, TEMPORAL_TLS_*',
    unset: 'no TLS without an API key',
    meaning:
      "TLS with the Temporal server: certificates, keys, the server's name ([all of them](temporal-cloud.md)).",
    readBy: 'Temporal',
  },
  {
    name: 'TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE',
    unset: "`temporal.toml` in Temporal's directory, `default`",
    meaning: "Temporal's own file of settings, and which part of it to use. Variables win over it.",
    readBy: 'Temporal',
  },
  {
    name: 'TEMPORAL_DEPLOYMENT_NAME',
    unset: 'no versioning',
    meaning:
      "The worker's deployment, for [worker versioning](deployment.md#worker-versioning); with `TEMPORAL_WORKER_BUILD_ID` or not at all.",
  },
  {
    name: 'TEMPORAL_WORKER_BUILD_ID',
    unset: 'no versioning',
    meaning: "The worker's version in its deployment; with `TEMPORAL_DEPLOYMENT_NAME` or not at all.",
  },
  {
    name: 'OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_*',
    unset: 'no traces',
    meaning:
      "Where a worker and commands send traces, and OpenTelemetry's other settings ([Monitoring](monitoring.md#traces)).",
    readBy: 'OpenTelemetry',
  },
  {
    name: 'AWS_*',
    unset: "found by AWS's rules",
    meaning: 'Region and credentials for databases of type `redshift` ([Amazon Redshift](redshift.md)).',
    readBy: 'AWS',
  },
  {
    name: 'grpc_proxy, https_proxy, http_proxy',
    unset: 'no proxy',
    meaning: 'A proxy on the way to the Temporal server, for commands; a worker does without.',
    readBy: 'gRPC',
  },
];
