/** Services and their operations, from the rollup by hour. */
import type { QueryBounds, Store } from "../store.ts";
import { atMost, within, type Reading } from "./reading.ts";

const BOUNDS: QueryBounds = { timeS: 5, rowsRead: 50_000_000, memoryBytes: 512 * 1024 ** 2 };
/** Names of one answer. */
const NAMES_MAX = 10_000;

/** Every service that sent spans, sorted; those without a name, which no client can ask for, are none. */
export async function serviceNames(store: Store, reading: Reading = {}): Promise<string[]> {
  const sql = `SELECT DISTINCT service_name AS name FROM operation_hours WHERE service_name != ''
ORDER BY name LIMIT ${String(NAMES_MAX + 1)}`;
  const rows = await store.query<{ name: string }>(sql, {}, within(BOUNDS, reading));
  return atMost(rows, { limit: NAMES_MAX, name: "services", onCut: reading.onCut }).map(({ name }) => name);
}

/** A span's name and kind, as a service uses them. */
export interface Operation {
  readonly name: string;
  /** OTLP's number. */
  readonly kind: number;
}

/** The operations of a service, sorted. */
export async function operationNames(
  store: Store,
  service: string,
  reading: Reading = {},
): Promise<readonly Operation[]> {
  const sql = `SELECT DISTINCT name, span_kind AS kind FROM operation_hours WHERE service_name = {service:String}
ORDER BY name, kind LIMIT ${String(NAMES_MAX + 1)}`;
  const rows = await store.query<Operation>(sql, { service }, within(BOUNDS, reading));
  return atMost(rows, { limit: NAMES_MAX, name: "operations", onCut: reading.onCut });
}
