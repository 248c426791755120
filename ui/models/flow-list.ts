import { batch, computed, createModel, effect, signal } from "@preact/signals";
import type { FlowListResponse, FlowSummary } from "@hopscope/schema/api";
import { fetchFlows, fetchFunctions, type FlowQuery } from "../api/client.ts";
import { queryValue } from "../route/router.ts";
import { mergeFlows } from "./merge-flows.ts";
import { Poll } from "./poll.ts";
import { range, rangeStart } from "./time-range.ts";

/** New flows appear this soon; each load assembles one page of flows. */
const REFRESH_MS = 4000;

/** The list of recent flows, as the address narrows it. */
export const FlowListModel = createModel(() => {
  const shown = signal<FlowSummary[]>([]);
  const waiting = signal<FlowSummary[]>([]);
  const nextCursor = signal<string | undefined>(undefined);
  const loadingMore = signal(false);
  const knownServices = signal<ReadonlySet<string>>(new Set());
  /** True while the reader points at a row: nothing may move below the pointer. */
  const held = signal(false);
  const query = computed(filtersOf);
  /** An instant in the address, as a link to an alert's flows has, counts in place of the picked range. */
  const from = computed(() => queryValue("from"));
  const subject = computed(() => JSON.stringify([query.value, from.value, range.value]));
  let shownSubject = "";

  const poll = new Poll<FlowListResponse>({
    load: (signal) => fetchFlows({ ...query.value, from: from.value ?? rangeStart(range.value) }, signal),
    everyMs: () => REFRESH_MS,
    onAnswer: (answer) => batch(() => take(answer)),
  });
  const take = (answer: FlowListResponse): void => {
    const isNew = shownSubject !== subject.peek();
    shownSubject = subject.peek();
    const merged = mergeFlows(isNew ? [] : shown.peek(), answer.flows, !isNew && held.peek());
    shown.value = merged.shown;
    waiting.value = merged.waiting;
    if (isNew) nextCursor.value = answer.nextCursor;
    learnServices(answer.flows.flatMap((flow) => flow.services));
  };
  const learnServices = (names: string[]): void => {
    const known = knownServices.peek();
    if (names.some((name) => !known.has(name))) knownServices.value = new Set([...known, ...names]);
  };
  const showWaiting = (): void => {
    batch(() => {
      shown.value = mergeFlows(shown.peek(), waiting.peek(), false).shown;
      waiting.value = [];
    });
  };
  const loadMore = async (): Promise<void> => {
    const cursor = nextCursor.peek();
    if (cursor === undefined || loadingMore.peek()) return;
    loadingMore.value = true;
    const asked = subject.peek();
    const start = from.peek() ?? rangeStart(range.peek());
    const more = await fetchFlows({ ...query.peek(), from: start, cursor }).catch(() => undefined);
    batch(() => {
      loadingMore.value = false;
      if (!more || asked !== subject.peek()) return;
      nextCursor.value = more.nextCursor;
      shown.value = mergeFlows(shown.peek(), more.flows, false).shown;
    });
  };
  effect(() => {
    const controller = new AbortController();
    void fetchFunctions({ from: rangeStart("24h") }, controller.signal).then(
      ({ functions }) => learnServices(functions.map((one) => one.service)),
      () => undefined,
    );
    return () => controller.abort();
  });
  const services = computed(() => {
    const chosen = query.value.service;
    return [...new Set([...knownServices.value, ...(chosen === undefined ? [] : [chosen])])].sort();
  });
  const list = { shown, waiting, nextCursor, loadingMore, held, showWaiting, loadMore };
  return { poll, ...list, query, from, services };
});

/** What the address narrows the list to, but for where the range begins. */
function filtersOf(): FlowQuery {
  return {
    service: queryValue("service"),
    function: queryValue("function"),
    destination: queryValue("destination"),
    attribute: queryValue("attribute"),
    text: queryValue("text"),
    status: queryValue("status"),
    to: queryValue("to"),
  };
}
