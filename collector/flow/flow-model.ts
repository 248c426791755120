/**
 * A model of the transports, for tests: orders go over topics and queues through functions that batch, fail, retry,
 * dead-letter, redrive, send on and send to themselves. It gives the spans that the functions record, and the truth.
 */
import type { Attributes, Span } from "../../schema/flow.ts";
import { fromMs } from "./instant.ts";
import { keysOf, messageAttributes, moveFailed, newMessages, queueId, queueName, randomOf } from "./flow-model-message.ts";
import type {
  Envelope,
  ModelInput,
  ModelOutput,
  QueueModel,
  RecordSpec,
  SendSpec,
  SpanSpec,
  TrueFlow,
} from "./flow-model-types.ts";
import { TEST_EPOCH_MS } from "./test-spans.ts";

const ROUND_MS = 3_000;
const ROUNDS_MAX = 14;
/** Messages that one order may lead to, one after another: ends cycles. */
const HOPS_MAX = 4;
/** Deliveries after which a message that was taken without failure is gone for good. */
const RECEIVES_MAX = 3;
const TOPIC = "topic:aws.sns:orders";

/** Runs the model. The same input gives the same output, and the same span ids with and without context. */
export function runModel(input: ModelInput): ModelOutput {
  return new Model(input).run();
}

class Model {
  readonly #input: ModelInput;
  readonly #out: ModelOutput = { spans: [], flows: [], invocationOf: new Map(), batchSizeOf: new Map() };
  readonly #messages: Envelope[] = [];
  readonly #taken: Envelope[] = [];
  readonly #random: () => number;
  #ids = 0;
  #invocations = 0;

  constructor(input: ModelInput) {
    this.#input = input;
    this.#random = randomOf(input.seed);
  }

  run(): ModelOutput {
    for (let order = 0; order < this.#input.orders; order += 1) this.#order(order);
    for (let round = 1; round <= ROUNDS_MAX && this.#messages.length > 0; round += 1) this.#round(round * ROUND_MS);
    this.#noteOutcome();
    return this.#out;
  }

  /** A topic's message is lost where it is known of none of the queues that it came to. */
  #noteOutcome(): void {
    const sentIdOf = ({ id, topicId }: Envelope) => topicId ?? id;
    const known = new Set(this.#taken.map(sentIdOf));
    for (const message of this.#messages) {
      for (const truth of this.#flowsOf(message)) {
        if (!known.has(sentIdOf(message))) truth.lost.add(sentIdOf(message));
        if (message.receives > 0 && message.failed) truth.waiting.add(message.id);
      }
    }
    for (const message of this.#taken) for (const truth of this.#flowsOf(message)) truth.failed ||= !message.isMended;
  }

  #flowsOf({ orders }: Envelope): TrueFlow[] {
    return this.#out.flows.filter((_, order) => orders.has(order));
  }


  #id(length: number): string {
    this.#ids += 1;
    return this.#ids.toString(16).padStart(length, "0");
  }

  #order(order: number): void {
    const traceId = this.#id(32);
    const sets = { hops: new Set<string>(), spans: new Set<string>(), attempts: new Set<string>() };
    this.#out.flows.push({ traceId, ...sets, lost: new Set(), waiting: new Set(), failed: false });
    const invocation = this.#invocation("api");
    const orders = new Set([order]);
    const atMs = Math.floor(this.#random() * 100);
    const root = this.#span({ traceId, kind: "server", name: "POST /orders", atMs, lastsMs: 60, invocation, orders });
    const inner = this.#span({
      traceId,
      parent: root,
      kind: "internal",
      name: "checkout",
      atMs,
      lastsMs: 50,
      invocation,
      orders,
    });
    const queues = this.#input.queues.slice(0, this.#input.subscribed).map((_queue, at) => at);
    this.#send({
      from: inner,
      invocation,
      orders,
      queues,
      viaTopic: this.#input.viaTopic,
      atMs: atMs + 10,
      hopsLeft: HOPS_MAX,
    });
  }

  #invocation(service: string): { label: string; service: string; skewMs: number } {
    this.#invocations += 1;
    const skewMs = Math.round((this.#random() * 2 - 1) * this.#input.clockSkewMs);
    return { label: `run-${String(this.#invocations)}`, service, skewMs };
  }

  #span(spec: SpanSpec): Span {
    const { traceId, parent, kind, name, atMs, lastsMs, invocation, orders } = spec;
    const span: Span = {
      traceId,
      spanId: this.#id(16),
      ...(parent !== undefined && { parentSpanId: parent.spanId }),
      name,
      kind,
      service: invocation.service,
      startTime: fromMs(TEST_EPOCH_MS + atMs + invocation.skewMs),
      durationMs: lastsMs,
      status: spec.failed === true ? "error" : "unset",
      statusMessage: "",
      traceState: "",
      attributes: spec.attributes ?? {},
      resource: { "service.instance.id": invocation.label },
      scope: "",
      events: (spec.events ?? []).map((attributes) => ({
        time: fromMs(TEST_EPOCH_MS + atMs),
        name: "hopscope.message",
        attributes,
      })),
      links: (spec.links ?? []).map((link) => ({ traceState: "", ...link })),
    };
    this.#out.spans.push(span);
    this.#out.invocationOf.set(span.spanId, invocation.label);
    for (const order of orders) this.#out.flows[order]?.spans.add(span.traceId + span.spanId);
    return span;
  }

  #hop(orders: Iterable<number>, parts: readonly [string, string, string, string]): void {
    for (const order of orders) this.#out.flows[order]?.hops.add(parts.join("|"));
  }

  #send(spec: SendSpec): void {
    const { from, invocation, orders, queues, viaTopic, atMs, hopsLeft } = spec;
    const count = hopsLeft < HOPS_MAX - 1 ? 1 : this.#input.messagesPerSend;
    for (const targets of viaTopic ? [queues] : queues.map((queue) => [queue])) {
      const isRaw = (queue: number) => this.#input.queues[queue]?.raw === true;
      const nextId = () => this.#id(8);
      const sent = Array.from({ length: count }, () => newMessages(spec, { queues: targets, isRaw, nextId }));
      const destination = viaTopic ? "orders" : queueName(targets[0] ?? 0);
      const ids = sent.map(([message]) => message?.topicId ?? message?.id ?? "");
      const system = viaTopic ? "aws.sns" : "aws_sqs";
      const attributes: Attributes = {
        "messaging.system": system,
        "messaging.operation.type": "send",
        "messaging.destination.name": destination,
        "hopscope.message.keys": ids.map((id) => `${system}:${id}`),
        ...(count > 1 && { "messaging.batch.message_count": count }),
      };
      const name = `send ${destination}`;
      const own = { traceId: from.traceId, parent: from, kind: "producer", name, attributes } as const;
      const span = this.#span({ ...own, atMs, lastsMs: 5, invocation, orders });
      const place = viaTopic ? TOPIC : queueId(targets[0] ?? 0);
      for (const id of ids) this.#hop(orders, [invocation.label, place, "publish", id]);
      for (const message of sent.flat()) this.#messages.push({ ...message, context: span });
    }
  }

  #round(nowMs: number): void {
    const visible = this.#messages.filter(({ visibleMs }) => visibleMs <= nowMs);
    const places = new Map<string, Envelope[]>();
    for (const message of visible) {
      const key = `${String(message.queue)}${message.isDead ? "-dead" : ""}`;
      places.set(key, [...(places.get(key) ?? []), message]);
    }
    for (const waiting of places.values()) {
      const queue = this.#input.queues[waiting[0]?.queue ?? 0];
      if (queue === undefined) continue;
      const isDead = waiting[0]?.isDead === true;
      if (queue.untold) continue;
      if (isDead && queue.deadLetterReader === "none") continue;
      const size = isDead ? 1 : queue.batchSize;
      for (let at = 0; at < waiting.length; at += size) {
        this.#invoke(queue, waiting.slice(at, at + size), nowMs + Math.floor(this.#random() * 200));
      }
    }
  }

  /** One invocation of a queue's function with a batch. */
  #invoke(queue: QueueModel, batch: readonly Envelope[], atMs: number): void {
    const isDead = batch[0]?.isDead === true;
    const invocation = this.#invocation(isDead ? "support" : `worker-${String(batch[0]?.queue ?? 0)}`);
    const wholeFails = this.#random() < queue.failing;
    this.#out.batchSizeOf.set(invocation.label, batch.length);
    for (const message of batch) this.#take(message, invocation.label, atMs);
    const results = batch.map((message) => {
      const failed = isDead
        ? queue.deadLetterReader === "returns for redrive"
        : queue.each
          ? this.#random() < queue.failing
          : wholeFails;
      return { message, failed };
    });
    this.#record({ queue, results, invocation, atMs, isDead });
    for (const { message, failed } of results) {
      const attempt = [invocation.label, message.id, String(message.receives), String(failed)].join("|");
      for (const truth of this.#flowsOf(message)) truth.attempts.add(attempt);
      message.failed = failed;
      message.isMended = failed ? false : message.isMended || !isDead;
      this.#settle(message, { failed, atMs, queue });
    }
  }

  #take(message: Envelope, label: string, atMs: number): void {
    message.receives += 1;
    if (message.receives === 1) this.#taken.push(message);
    message.firstReceivedMs ??= atMs;
    const [live, dead] = [queueId(message.queue), `${queueId(message.queue)}-dead`];
    const here = message.isDead ? dead : live;
    if (message.topicId !== undefined && message.receives === 1)
      this.#hop(message.orders, [TOPIC, live, "deliver", message.id]);
    if (message.moved === "dead-letter") this.#hop(message.orders, [live, dead, "dead-letter", message.id]);
    if (message.moved === "redrive") this.#hop(message.orders, [dead, live, "redrive", message.id]);
    message.moved = undefined;
    this.#hop(message.orders, [here, label, "receive", message.id]);
  }

  #record(spec: RecordSpec): void {
    const [only] = spec.results;
    if (spec.results.length === 1 && only) this.#recordOne(spec, only);
    else this.#recordBatch(spec);
  }

  #recordOne(spec: RecordSpec, only: RecordSpec["results"][number]): void {
    const { queue, results, invocation, atMs, isDead } = spec;
    const { orders } = only.message;
    const own = {
      ...this.#contextOf(only.message),
      attributes: messageAttributes(only.message, isDead),
      failed: only.failed,
    };
    const run = this.#span({ ...own, kind: "consumer", name: "process", atMs, lastsMs: 40, invocation, orders });
    const links = [{ traceId: run.traceId, spanId: run.spanId, attributes: {} }];
    const part = {
      traceId: run.traceId,
      parent: run,
      kind: "consumer" as const,
      name: "process",
      links,
      attributes: own.attributes,
    };
    const from = queue.each ? this.#span({ ...part, atMs: atMs + 1, lastsMs: 30, invocation, orders }) : run;
    this.#sendOn({ queue, from, results, invocation, atMs, isDead });
  }

  #recordBatch({ queue, results, invocation, atMs, isDead }: RecordSpec): void {
    const orders = new Set(results.flatMap(({ message }) => [...message.orders]));
    const [only] = results;
    const attributes: Attributes = {
      "messaging.system": "aws_sqs",
      "messaging.operation.type": queue.each && results.length % 2 === 0 ? "receive" : "process",
      "messaging.destination.name": queueName(only?.message.queue ?? 0),
      "messaging.batch.message_count": results.length,
      "hopscope.message.keys": results.flatMap(({ message }) => keysOf(message)),
    };
    const described = results.map(({ message }) => ({
      ...message.context,
      attributes: messageAttributes(message, isDead),
    }));
    const linked = this.#input.context
      ? { links: described.map(({ traceId, spanId, attributes: own }) => ({ traceId, spanId, attributes: own })) }
      : { events: described.map(({ attributes: own }) => own) };
    const failed = !queue.each && only?.failed === true;
    const traceId = this.#id(32);
    const run = this.#span({
      traceId,
      kind: "consumer",
      name: "batch",
      atMs,
      lastsMs: 80,
      invocation,
      orders,
      attributes,
      ...linked,
      failed,
    });
    if (!queue.each) {
      this.#sendOn({ queue, from: run, results, invocation, atMs, isDead });
      return;
    }
    for (const result of results) {
      const part = this.#span({
        ...this.#contextOf(result.message),
        links: [{ traceId: run.traceId, spanId: run.spanId, attributes: {} }],
        kind: "consumer",
        name: "process",
        atMs: atMs + 5,
        lastsMs: 10,
        invocation,
        orders: result.message.orders,
        attributes: messageAttributes(result.message, isDead),
        failed: result.failed,
      });
      this.#sendOn({ queue, from: part, results: [result], invocation, atMs, isDead });
    }
  }

  /** With context the message's own trace goes on; without, a new one begins. */
  #contextOf({ context }: Envelope): { traceId: string; parent?: { readonly spanId: string } } {
    const traceId = this.#id(32);
    return this.#input.context ? { traceId: context.traceId, parent: context } : { traceId };
  }

  #sendOn({ queue, from, results, invocation, atMs, isDead }: RecordSpec & { from: Span }): void {
    const hopsLeft = Math.min(...results.map(({ message }) => message.hopsLeft)) - 1;
    if (isDead || queue.next === undefined || hopsLeft <= 0 || results.some(({ failed }) => failed)) return;
    const orders = new Set(results.flatMap(({ message }) => [...message.orders]));
    this.#send({ from, invocation, orders, queues: [queue.next], viaTopic: false, atMs: atMs + 6, hopsLeft });
  }

  #settle(message: Envelope, { failed, atMs, queue }: { failed: boolean; atMs: number; queue: QueueModel }): void {
    message.visibleMs = atMs + 2_000;
    const mayRepeat = !failed && !message.isDead && message.receives < RECEIVES_MAX;
    if (mayRepeat && this.#random() < queue.duplicates) return;
    if (failed) moveFailed(message, queue.receivesMax);
    else this.#messages.splice(this.#messages.indexOf(message), 1);
  }
}
