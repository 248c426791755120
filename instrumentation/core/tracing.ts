import type { Attributes, ContextManager, Tracer, TracerProvider } from "@opentelemetry/api";
import { detectResource } from "../platforms/resource.ts";
import { type Config, readConfig, readSwitches, type Switches } from "./config.ts";
import { ROOT, suppressed } from "./context.ts";
import { Counters } from "./counters.ts";
import { StorageContextManager } from "./context-manager.ts";
import { foreignApi, provideApi } from "./global-api.ts";
import { Pipeline, within } from "./pipeline.ts";
import { makePoster, type Poster } from "./post.ts";
import { W3cPropagator } from "./propagator.ts";
import { makeSampler } from "./sampler.ts";
import { shared } from "./shared.ts";
import { LeanTracerProvider, type Sampler } from "./tracer.ts";
import { VERSION } from "./version.ts";

const SCOPE = "hopscope";

/**
 * Everything that makes, carries and sends spans in this process. Where another provider of the OpenTelemetry API
 * is registered, spans are made and sent by that one.
 */
export class Tracing {
  readonly switches: Switches = readSwitches(process.env);
  #config: Config | undefined;
  #pipeline: Pipeline | undefined;
  #metricsPoster: Poster | undefined;
  #sampler: Sampler | undefined;
  /** Of invocations whose trace is not kept. */
  readonly counters = new Counters();
  #metricsRefused = false;
  readonly #contexts = new StorageContextManager();
  readonly #provider: LeanTracerProvider;
  readonly #tracer: Tracer;
  #foreign: { readonly provider: TracerProvider; readonly tracer: Tracer } | undefined;
  #resource: Attributes | undefined;

  constructor() {
    const sampler: Sampler = (traceId, parent) => {
      this.#sampler ??= makeSampler(this.config.sampler, this.config.samplerRatio);
      return this.#sampler(traceId, parent);
    };
    this.#provider = new LeanTracerProvider(this.#contexts, sampler, (span) => this.pipeline.add(span));
    this.#tracer = this.#provider.getTracer(SCOPE, VERSION);
    if (this.switches.disabled || !this.switches.providesApi) return;
    const propagation = new W3cPropagator(() => this.config);
    provideApi({ trace: this.#provider, context: this.#contexts, propagation });
  }

  get config(): Config {
    return (this.#config ??= readConfig(process.env));
  }

  /** Whether any span has ended yet. */
  get hasSpans(): boolean {
    return this.#pipeline !== undefined;
  }

  get pipeline(): Pipeline {
    return (this.#pipeline ??= this.#makePipeline());
  }

  #makePipeline(): Pipeline {
    return new Pipeline(this.#makePoster(this.config.tracesUrl), () => this.resource);
  }

  get resource(): Attributes {
    return (this.#resource ??= detectResource(this.config.resource, process.env));
  }

  /** Counts are sent beside spans and never tried again: a collector that takes no metrics is not asked twice. */
  async #flushCounters(budgetMs: number): Promise<void> {
    if (!this.counters.pending || this.#metricsRefused || this.pipeline.failing || budgetMs <= 0) return;
    const poster = (this.#metricsPoster ??= this.#makePoster(this.config.metricsUrl));
    const { kind } = await poster.post(this.counters.take(this.resource), budgetMs);
    this.#metricsRefused = kind !== "accepted";
  }

  get tracer(): Tracer {
    const provider = foreignApi(this.#provider)?.trace;
    if (!provider) return this.#tracer;
    if (this.#foreign?.provider !== provider) {
      this.#foreign = { provider, tracer: provider.getTracer(SCOPE, VERSION) };
    }
    return this.#foreign.tracer;
  }

  get contexts(): ContextManager {
    return foreignApi(this.#provider)?.context ?? this.#contexts;
  }

  /** Sends what waits, for at most `budgetMs`; never rejects. */
  async flush(budgetMs: number): Promise<void> {
    await Promise.all([this.pipeline.flush(budgetMs), this.#flushCounters(budgetMs)]);
    const provider = foreignApi(this.#provider)?.trace as Flushable | undefined;
    const flushable = provider?.forceFlush ? provider : provider?.getDelegate?.();
    if (flushable?.forceFlush && budgetMs > 0) await within(Promise.resolve(flushable.forceFlush()), budgetMs);
  }

  /** The exporter's requests are no spans of anyone. */
  #makePoster(url: URL): Poster {
    const poster = makePoster(url, this.config.headers, this.config.gzip);
    const context = suppressed(ROOT);
    return { load: poster.load, post: (...args) => this.#contexts.with(context, () => poster.post(...args)) };
  }
}

let current: Tracing | undefined;

/** What providers of the OpenTelemetry SDK have beside the API, and the API's own proxy before them. */
interface Flushable {
  forceFlush?(): Promise<void>;
  getDelegate?(): Flushable;
}

/** The tracing of this process, set up from the environment at the first call. */
export function tracing(): Tracing {
  current ??= shared("tracing", () => new Tracing());
  return current;
}
