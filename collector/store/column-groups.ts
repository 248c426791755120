/**
 * Columns of `spans` that few spans fill, in groups: `trace_index` has a bit for each group of which a trace has any
 * (`schema/sql/002_trace_index.sql`), and a reader of the trace asks for no others. A column costs a quarter of a
 * millisecond of the store's time, whatever it holds, and a flow of one trace fills half of them.
 */

/** The columns of each bit, the lowest first. */
const GROUPS: readonly (readonly string[])[] = [
  [
    ...["trace_state", "faas_invocation_text", "messaging_message_text", "init_type", "init_duration_ms"],
    ...["attributes_double", "attributes_bool", "attributes_json"],
  ],
  [
    ...["status_message", "error_type", "timed_out"],
    ...["events.time_unix_nano", "events.name", "events.attributes"],
  ],
  ["faas_trigger", "faas_invocation_uuid", "faas_coldstart", "memory_used"],
  ["messaging_message_uuid", "messaging_batch_message_count", "message_sent_ms", "message_receive_count"],
  ["http_request_method", "http_route", "http_response_status_code", "url_path", "server_address"],
  ["links.trace_id", "links.span_id", "links.trace_state", "links.attributes"],
];

/** The bits of all groups. */
export const ALL_GROUPS = 2 ** GROUPS.length - 1;

const BIT_OF = new Map(GROUPS.flatMap((columns, at) => columns.map((column) => [column, 1 << at])));

/** Whether a span of a trace whose groups are these may have something in the column. */
export function isFilled(column: string, groups: number): boolean {
  const bit = BIT_OF.get(column);
  return bit === undefined || (groups & bit) !== 0;
}
