import type { Attributes, ContextManager, Tracer } from "@opentelemetry/api";
import { type Config, readConfig } from "./config.ts";
import { StorageContextManager } from "./context-manager.ts";
import { Pipeline } from "./pipeline.ts";
import { makePoster } from "./post.ts";
import { makeSampler } from "./sampler.ts";
import { LeanTracerProvider } from "./tracer.ts";
import { VERSION } from "./version.ts";
import { detectResource } from "../platforms/resource.ts";

/** Everything that makes, carries and sends spans in this process. */
export interface Tracing {
  readonly config: Config;
  readonly contexts: ContextManager;
  readonly tracer: Tracer;
  readonly pipeline: Pipeline;
  /** Sends what waits, for at most `budgetMs`; never rejects. */
  flush(budgetMs: number): Promise<void>;
}

let current: Tracing | undefined;

/** The tracing of this process, set up from the environment at the first call. */
export function tracing(): Tracing {
  current ??= setUp();
  return current;
}

function setUp(): Tracing {
  const config = readConfig(process.env);
  let resource: Attributes | undefined;
  const poster = makePoster(config.tracesUrl, config.headers, config.gzip);
  const pipeline = new Pipeline(poster, () => (resource ??= detectResource(config.resource, process.env)));
  const contexts = new StorageContextManager();
  const provider = new LeanTracerProvider(contexts, makeSampler(config.sampler, config.samplerRatio), (span) =>
    pipeline.add(span),
  );
  return {
    config,
    contexts,
    tracer: provider.getTracer("hopscope", VERSION),
    pipeline,
    flush: (budgetMs) => pipeline.flush(budgetMs),
  };
}
