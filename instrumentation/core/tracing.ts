import type { Attributes, ContextManager, Tracer, TracerProvider } from "@opentelemetry/api";
import { detectResource } from "../platforms/resource.ts";
import { type Config, readConfig } from "./config.ts";
import { ROOT, suppressed } from "./context.ts";
import { type CounterPipeline, makeCounters } from "./counters.ts";
import { StorageContextManager } from "./context-manager.ts";
import { foreignApi, provideApi } from "./global-api.ts";
import { type Exporter, within } from "./exporter.ts";
import { makePipeline, type Pipeline } from "./pipeline.ts";
import { makePoster, type Poster } from "./post.ts";
import { makePropagator } from "./propagator.ts";
import { makeSampler } from "./sampler.ts";
import { shared } from "./shared.ts";
import type { RecordedSpan } from "./span.ts";
import { readSwitches, type Switches } from "./switches.ts";
import type { Sampler } from "./start-span.ts";
import { LeanTracerProvider } from "./tracer.ts";
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
  #counters: CounterPipeline | undefined;
  #onAdd: (() => void) | undefined;
  #sampler: Sampler | undefined;
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
    const propagation = makePropagator(() => this.config);
    provideApi({ trace: this.#provider, context: this.#contexts, propagation });
  }

  get config(): Config {
    return (this.#config ??= readConfig(process.env));
  }

  get pipeline(): Pipeline {
    return (this.#pipeline ??= makePipeline(this.#makePoster(this.config.tracesUrl), () => this.resource));
  }

  /** Of invocations whose trace is not kept. */
  get counters(): CounterPipeline {
    if (this.#counters) return this.#counters;
    this.#counters = makeCounters(this.#makePoster(this.config.metricsUrl), () => this.resource);
    this.#counters.onAdd = this.#onAdd;
    return this.#counters;
  }

  /** Calls `listener` whenever there is more to be sent. */
  set onAdd(listener: () => void) {
    this.#onAdd = listener;
    this.pipeline.onAdd = listener;
    if (this.#counters) this.#counters.onAdd = listener;
  }

  /** What has something to send, and where that goes. */
  get waiting(): { readonly exporter: Exporter; readonly url: URL }[] {
    const waiting: { exporter: Exporter; url: URL }[] = [];
    if (this.#pipeline?.pending) waiting.push({ exporter: this.#pipeline, url: this.config.tracesUrl });
    if (this.#counters?.pending) waiting.push({ exporter: this.#counters, url: this.config.metricsUrl });
    return waiting;
  }

  get resource(): Attributes {
    return (this.#resource ??= detectResource(this.config.resource, process.env));
  }

  /** Spans of ours that have not ended, from the first call on. */
  get open(): Set<RecordedSpan> {
    return (this.#provider.open ??= new Set());
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

  /** At the start of an invocation, see {@link Exporter.prepare}. */
  prepare(): void {
    this.pipeline.prepare();
    if (!this.pipeline.failing) this.#counters?.prepare();
  }

  /** Sends what waits, for at most `budgetMs`; never rejects. */
  async flush(budgetMs: number): Promise<void> {
    // Nothing is tried a second time by way of the counts while the collector is known to be failing.
    const countersMs = this.#pipeline?.failing ? 0 : budgetMs;
    await Promise.all([this.#pipeline?.flush(budgetMs), this.#counters?.flush(countersMs)]);
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
