/** The places that a filter's attributes may be in, searched so that the store's indexes help. */
import type { AttributePlace } from "./attribute-sql.ts";
import type { QueryBounds, Store } from "../store.ts";
import { placedAttributes, resourcesQuery, type Places, type SpanFilter } from "./span-filter.ts";
import { within, type Reading } from "./reading.ts";

const BOUNDS: QueryBounds = { timeS: 20, rowsRead: 500_000_000, memoryBytes: 1024 ** 3 };

/** A filter whose places are not known yet. */
export interface PlacedSearch extends Reading {
  readonly filter: SpanFilter;
}

/**
 * Searches all places; their answers together have all there is, and some of it twice. One attribute is looked for on
 * spans, where indexes lead to it, and apart from that in the dictionary of resources. Of several, those that no
 * resource of the time range has are looked for on spans alone. A destination without an attribute beside it is looked
 * for in its column, and apart from that by the index of attributes.
 */
export async function searchPlaces<Item>(
  store: Store,
  { filter, ...reading }: PlacedSearch,
  search: (places: Places) => Promise<readonly Item[]>,
): Promise<Item[]> {
  const places = await placesOf(store, { filter, ...reading });
  return (await Promise.all(places.map(search))).flat();
}

async function placesOf(store: Store, { filter, ...reading }: PlacedSearch): Promise<Places[]> {
  const placed = placedAttributes(filter);
  const at = (place: AttributePlace): Places => ({ attribute: () => place, destination: "both" });
  if (placed.length === 0 && filter.destination !== undefined) {
    return [{ ...at("both"), destination: "column" }, { ...at("both"), destination: "texts" }];
  }
  if (placed.length === 0) return [at("both")];
  if (placed.length === 1) return [at("spans"), at("resources")];
  const { sql, params } = resourcesQuery(filter, placed);
  const rows = await store.query<{ found: readonly number[] }>(sql, params, within(BOUNDS, reading));
  const ofResources = new Set(placed.filter((_, index) => rows[0]?.found[index] !== 0));
  return [{ attribute: (given) => (ofResources.has(given) ? "both" : "spans"), destination: "both" }];
}
