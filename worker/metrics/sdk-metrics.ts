import type { MetricsExporterConfig } from '@temporalio/worker';
import getPort from 'get-port';

const ANSWER_WITHIN_MS = 1_000;

/** The metrics of Temporal's SDK, which its native part serves on a port of its own. */
export interface SdkMetrics {
  /** For the SDK's runtime. */
  exporter: MetricsExporterConfig;
  /** Their text, as Prometheus reads it; empty where they don't come in a second. */
  text(): Promise<string>;
}

/** Finds the SDK a port that only this machine reaches; our own listener passes on what it says there. */
export async function sdkMetrics(): Promise<SdkMetrics> {
  const bindAddress = `127.0.0.1:${await getPort({ host: '127.0.0.1' })}`;
  return {
    exporter: {
      prometheus: { bindAddress, countersTotalSuffix: true, unitSuffix: true, useSecondsForDurations: true },
    },
    text: async () => {
      try {
        const answer = await fetch(`http://${bindAddress}/metrics`, {
          signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
        });
        return answer.ok ? await answer.text() : '';
      } catch {
        return '';
      }
    },
  };
}
