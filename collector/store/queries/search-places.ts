/** The places that a filter's attributes may be in, each searched so that the store's indexes help. */
import type { QueryBounds, Store } from "../store.ts";
import { isOfResources, isResourcesOwn, spanPlaces, type AttributePlace } from "./attribute-sql.ts";
import type { Range } from "./newest-first.ts";
import { within, type Reading } from "./reading.ts";
import { isInstantIn, lastWithNames, overlap, resourcesWith } from "./resources.ts";
import { spanCondition, splitAttribute, type Condition, type Places, type SpanFilter } from "./span-filter.ts";

const BOUNDS: QueryBounds = { timeS: 20, rowsRead: 500_000_000, memoryBytes: 1024 ** 3 };

/** A filter whose places are not known yet. */
export interface PlacedSearch extends Reading {
  readonly filter: SpanFilter;
}

/** One of the searches that together answer a filter: its range is the part of the filter's where it may find any. */
export interface PlacedFilter {
  readonly filter: SpanFilter;
  readonly places: Places;
}

/**
 * The searches that have all there is, and some of it twice. One attribute is looked for on spans, where indexes lead
 * to it, and apart from that among resources, if any has it and while it sent spans. A destination without an
 * attribute beside it is looked for in its column, and apart from that by the index of attributes.
 */
export async function placedFilters(store: Store, search: PlacedSearch): Promise<PlacedFilter[]> {
  const { filter } = search;
  const [given, another] = filter.attribute ?? [];
  if (given === undefined || another !== undefined) {
    const placed = await placedFilter(store, search);
    if (!placed || given !== undefined || filter.destination === undefined) return placed ? [placed] : [];
    return (["column", "texts"] as const).map((destination) => ({ filter, places: { ...placed.places, destination } }));
  }
  const at = (place: AttributePlace): Places => ({ attribute: () => place, destination: "both" });
  const [during] = await timesOfResources(store, search);
  return [
    ...spanPlaces(...splitAttribute(given)).map((place) => ({ filter, places: at(place) })),
    ...(during ? [{ filter: { ...filter, ...during }, places: at("resources") }] : []),
  ];
}

/** The condition of one search that has all there is, each once. */
export async function placedCondition(store: Store, search: PlacedSearch): Promise<Condition> {
  const placed = await placedFilter(store, search);
  return placed ? spanCondition(placed.filter, placed.places) : { sql: "WHERE 0", params: {} };
}

/** Undefined where nothing can match. */
async function placedFilter(store: Store, search: PlacedSearch): Promise<PlacedFilter | undefined> {
  const { attribute = [] } = search.filter;
  const times = await timesOfResources(store, search);
  const placeOf = async (given: string, at: number): Promise<AttributePlace> => {
    if (!times[at]) return "spans";
    const [key] = splitAttribute(given);
    return !isResourcesOwn(key) || (await isOnSpans(store, search, given)) ? "all" : "resources";
  };
  const placed = await Promise.all(attribute.map(placeOf));
  // What no span has itself is there while such resources sent spans.
  let filter = search.filter;
  for (const [at, place] of placed.entries()) {
    const during = times[at];
    if (place === "resources" && during) filter = { ...filter, ...overlap(filter, during) };
  }
  const places: Places = { attribute: (given) => placed[attribute.indexOf(given)] ?? "all", destination: "both" };
  return isInstantIn(filter) ? { filter, places } : undefined;
}

/** Whether any span of the range has the attribute itself: by an index, which tells that few have. */
async function isOnSpans(store: Store, { filter, ...reading }: PlacedSearch, given: string): Promise<boolean> {
  const { from, to } = filter;
  const places: Places = { attribute: () => "spans", destination: "both" };
  const { sql, params } = spanCondition({ from, to, attribute: [given] }, places);
  const found = await store.query(`SELECT 1 FROM spans ${sql} LIMIT 1`, params, within(BOUNDS, reading));
  return found.length > 0;
}

/** For each attribute when spans had resources with it; undefined where none had. */
async function timesOfResources(store: Store, { filter, ...reading }: PlacedSearch): Promise<(Range | undefined)[]> {
  const { from, to, attribute = [] } = filter;
  const asked = attribute.map(splitAttribute);
  const attributes = asked.filter(([key]) => isOfResources(key));
  const times = await resourcesWith(store, { from, to, attributes, ...reading });
  return asked.map((each) => times[attributes.indexOf(each)]);
}

/** Until when spans of the filter's service or function may be in the range: its beginning where none can. */
export function lastOfSenders(store: Store, { filter, ...reading }: PlacedSearch, range: Range): Promise<string> {
  const names = [filter.service, filter.function].filter((name) => name !== undefined);
  return lastWithNames(store, { ...range, names, ...reading });
}

/** Asks all searches for what they have in a part of the range. */
export async function searchPlaces<Item>(
  placed: readonly PlacedFilter[],
  part: Range,
  search: (placed: PlacedFilter) => Promise<readonly Item[]>,
): Promise<Item[]> {
  const inPart = placed.map(({ filter, places }) => ({ filter: { ...filter, ...overlap(filter, part) }, places }));
  return (await Promise.all(inPart.filter(({ filter }) => isInstantIn(filter)).map(search))).flat();
}
