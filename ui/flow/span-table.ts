import type { SpanColumns } from "@hopscope/schema/flow-outline";

/** Digits of a span id. */
const ID_CHARS = 16;

/** The spans of a flow by their positions, which are in order of time. Nothing is made of a span that is not drawn. */
export class SpanTable {
  readonly count: number;
  /** In flow time: milliseconds since the flow's start. */
  readonly startMs: readonly number[];
  readonly durationMs: readonly number[];
  /** Positions of the parents; -1 where it is not among the spans. */
  readonly parent: readonly number[];
  readonly #columns: SpanColumns;
  readonly #failures: ReadonlyMap<number, string>;
  readonly #sendersOf = new Map<string, number[]>();
  readonly #sendersTo = new Map<string, number[]>();
  readonly #links: ReadonlyMap<number, readonly string[]>;
  /** Ids here of spans whose own id another has, too, and where they are. */
  readonly #ids: ReadonlyMap<number, string>;
  readonly #positions: ReadonlyMap<string, number>;

  constructor(columns: SpanColumns) {
    this.#columns = columns;
    this.count = columns.startMs.length;
    this.startMs = columns.startMs;
    this.durationMs = columns.durationMs;
    this.parent = columns.parent;
    this.#failures = new Map(columns.failed.map(({ span, message }) => [span, message]));
    for (const { span, destination, messageIds } of columns.sent) {
      for (const id of messageIds) gather(this.#sendersOf, id, span);
      if (destination !== undefined) gather(this.#sendersTo, destination, span);
    }
    this.#ids = new Map((columns.repeated ?? []).map((at, nth) => [at, `${this.sentId(at)}~${nth + 2}`]));
    this.#positions = new Map([...this.#ids].map(([at, id]) => [id, at]));
    this.#links = new Map(columns.links.map(({ span, to }) => [span, to]));
  }

  /** Returns an id that no other span of the flow has: its own, with a number where that is another's, too. */
  id(at: number): string {
    return this.#ids.get(at) ?? this.sentId(at);
  }

  /** Returns the id that the span was sent with. */
  sentId(at: number): string {
    return this.#columns.ids.slice(at * ID_CHARS, (at + 1) * ID_CHARS);
  }

  /** Returns whether another span of the flow has the id that this one was sent with. */
  isRepeated(at: number): boolean {
    return [...this.#ids.keys()].some((other) => this.sentId(other) === this.sentId(at));
  }

  /** Returns where the span of an id is, the first where several have it; -1 where it is not among them. */
  positionOf(id: string): number {
    if (id.length !== ID_CHARS) return this.#positions.get(id) ?? -1;
    const { ids } = this.#columns;
    let found = ids.indexOf(id);
    // Half of one id and half of the next may read like a third.
    while (found % ID_CHARS > 0) found = ids.indexOf(id, found + 1);
    return found < 0 ? -1 : found / ID_CHARS;
  }

  name(at: number): string {
    return this.#text(this.#columns.name[at]);
  }

  service(at: number): string {
    return this.#text(this.#columns.service[at]);
  }

  kind(at: number): string {
    return this.#text(this.#columns.kind[at]);
  }

  traceId(at: number): string {
    return this.#text(this.#columns.traceId[at]);
  }

  /** Returns a number that is the same for spans of one name and service. */
  likeness(at: number): number {
    const { name, service, texts } = this.#columns;
    return (name[at] ?? 0) * texts.length + (service[at] ?? 0);
  }

  /** Returns why a span failed, '' where it does not say; undefined where it did not fail. */
  failure(at: number): string | undefined {
    return this.#failures.get(at);
  }

  /** Returns the spans that say they sent this message. */
  sendersOf(messageId: string): readonly number[] {
    return this.#sendersOf.get(messageId) ?? [];
  }

  /** Returns the spans that say they sent something to this queue or topic. */
  sendersTo(destination: string): readonly number[] {
    return this.#sendersTo.get(destination) ?? [];
  }

  /** Returns the ids of the spans that a span links to. */
  links(at: number): readonly string[] {
    return this.#links.get(at) ?? [];
  }

  #text(position: number | undefined): string {
    return this.#columns.texts[position ?? -1] ?? "";
  }
}

function gather(lists: Map<string, number[]>, key: string, at: number): void {
  const list = lists.get(key);
  if (list) list.push(at);
  else lists.set(key, [at]);
}
