import { diag, DiagLogLevel, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { OpenTelemetryPlugin } from '@temporalio/interceptors-opentelemetry-v2';
import type { Trace } from '../activities/trace.js';
import { translateError } from '../activities/translate-error.js';
import { version } from '../config/version.js';
import type { Tracing } from './tracing.js';

/** Sends spans by OTLP, as OpenTelemetry's variables in the process say. Once a process. */
export function openTelemetry(onTrouble: () => void): Tracing {
  const ignored = () => undefined;
  // What the libraries say of trouble quotes the endpoint and what was sent: only that there is trouble is told.
  const logger = { error: onTrouble, warn: ignored, info: ignored, debug: ignored, verbose: ignored };
  diag.setLogger(logger, { logLevel: DiagLogLevel.ERROR, suppressOverrideMessage: true });
  const resource = defaultResource()
    .merge(resourceFromAttributes({ 'service.name': 'inlet', 'service.version': version() }))
    .merge(detectResources({ detectors: [envDetector] }));
  const spanProcessor = new BatchSpanProcessor(new OTLPTraceExporter());
  const provider = new NodeTracerProvider({ resource, spanProcessors: [spanProcessor] });
  provider.register();
  return {
    plugin: new OpenTelemetryPlugin({ resource, spanProcessor }),
    trace: traceWith(provider.getTracer('inlet', version())),
    close: (withinMs) =>
      Promise.race([
        provider.shutdown().catch(onTrouble),
        new Promise<void>((resolve) => setTimeout(resolve, withinMs).unref()),
      ]),
  };
}

function traceWith(tracer: Tracer): Trace {
  return {
    span: (name, attributes, work) =>
      tracer.startActiveSpan(name, { attributes }, async (span) => {
        try {
          return await work((more) => void span.setAttributes(more));
        } catch (error) {
          // A database's own message can quote a cell: our sentence for it can't.
          span.setStatus({ code: SpanStatusCode.ERROR, message: translateError(error).message });
          throw error;
        } finally {
          span.end();
        }
      }),
  };
}
