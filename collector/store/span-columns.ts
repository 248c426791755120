/**
 * Which span and resource attributes have a column of their own in `spans`: the one table that the transcoder
 * writes by and the reader merges back by.
 *
 * A promoted column holds an attribute only where nothing is lost: the value has the column's OTLP type, is within
 * its range and is not the column's absent value (`''` or 0; a boolean has 0 absent, 1 false, 2 true).
 * Any other value of the same name stays in the typed maps; so does the second of two attributes of one name.
 */
import * as names from "../../schema/attributes.ts";

/** How a promoted column is typed in ClickHouse and which OTLP value it can hold. */
export type PromotedType =
  /** `LowCardinality(String)` of a `string_value`; '' is absent. */
  | "lowCardinality"
  /** `String` of a `string_value`; '' is absent. */
  | "string"
  /** Unsigned integer of an `int_value` that it can hold; 0 is absent. */
  | "uint16"
  | "uint32"
  | "uint64"
  /** `Float64` of a `double_value`; 0 is absent. */
  | "float64"
  /** `UInt8` of a `bool_value`: 0 absent, 1 false, 2 true. */
  | "bool"
  /** `Array(String)` of an `array_value` of string values only; [] is absent. */
  | "strings";

/** A column, and the attribute that it holds. */
export interface PromotedColumn {
  readonly column: string;
  readonly attribute: string;
  readonly type: PromotedType;
  /**
   * Most often a UUID: `x_id` is worked out of `x_uuid UUID`, which holds a UUID in lower case, and `x_text String`,
   * which holds any other text.
   */
  readonly isUuid?: boolean;
}

/** Span attributes with a column; the column is the attribute's only copy. */
export const PROMOTED_SPAN_COLUMNS: readonly PromotedColumn[] = [
  { column: "faas_trigger", attribute: names.FAAS_TRIGGER, type: "lowCardinality" },
  { column: "faas_invocation_id", attribute: names.FAAS_INVOCATION_ID, type: "string", isUuid: true },
  { column: "faas_coldstart", attribute: names.FAAS_COLDSTART, type: "bool" },
  { column: "init_type", attribute: names.INIT_TYPE, type: "lowCardinality" },
  { column: "init_duration_ms", attribute: names.INIT_DURATION_MS, type: "float64" },
  { column: "memory_used", attribute: names.MEMORY_USED, type: "uint64" },
  { column: "timed_out", attribute: names.TIMED_OUT, type: "bool" },
  { column: "error_type", attribute: names.ERROR_TYPE, type: "lowCardinality" },
  { column: "messaging_system", attribute: names.MESSAGING_SYSTEM, type: "lowCardinality" },
  { column: "messaging_operation_type", attribute: names.MESSAGING_OPERATION_TYPE, type: "lowCardinality" },
  { column: "messaging_destination_name", attribute: names.MESSAGING_DESTINATION_NAME, type: "lowCardinality" },
  { column: "messaging_message_id", attribute: names.MESSAGING_MESSAGE_ID, type: "string", isUuid: true },
  { column: "messaging_batch_message_count", attribute: names.MESSAGING_BATCH_MESSAGE_COUNT, type: "uint32" },
  { column: "message_sent_ms", attribute: names.MESSAGE_SENT_MS, type: "uint64" },
  { column: "message_receive_count", attribute: names.MESSAGE_RECEIVE_COUNT, type: "uint32" },
  { column: "http_request_method", attribute: names.HTTP_REQUEST_METHOD, type: "lowCardinality" },
  { column: "http_route", attribute: names.HTTP_ROUTE, type: "lowCardinality" },
  { column: "http_response_status_code", attribute: names.HTTP_RESPONSE_STATUS_CODE, type: "uint16" },
  { column: "url_path", attribute: names.URL_PATH, type: "string" },
  { column: "server_address", attribute: names.SERVER_ADDRESS, type: "lowCardinality" },
];

/**
 * Resource attributes copied into a column for queries. The resource itself is whole in the column `resource`
 * (OTLP/JSON `Resource` with `schemaUrl` beside its members), so a reader never merges these back.
 */
export const STORED_RESOURCE_COLUMNS: readonly PromotedColumn[] = [
  { column: "service_name", attribute: names.SERVICE_NAME, type: "lowCardinality" },
  { column: "faas_name", attribute: names.FAAS_NAME, type: "lowCardinality" },
  { column: "faas_max_memory", attribute: names.FAAS_MAX_MEMORY, type: "uint64" },
];

/** The same and those that the store works out of `resource` when they are read: nobody writes them. */
export const RESOURCE_COLUMNS: readonly PromotedColumn[] = [
  ...STORED_RESOURCE_COLUMNS,
  { column: "service_version", attribute: names.SERVICE_VERSION, type: "lowCardinality" },
  { column: "deployment_environment", attribute: names.DEPLOYMENT_ENVIRONMENT, type: "lowCardinality" },
  { column: "cloud_platform", attribute: names.CLOUD_PLATFORM, type: "lowCardinality" },
  { column: "cloud_region", attribute: names.CLOUD_REGION, type: "lowCardinality" },
  { column: "faas_version", attribute: names.FAAS_VERSION, type: "lowCardinality" },
  { column: "faas_instance", attribute: names.FAAS_INSTANCE, type: "lowCardinality" },
];

/**
 * `message_keys` holds the attribute `hopscope.message.keys`, else keys derived from the messaging attributes of
 * the span, its links and its events. The key that `messaging_system` and `messaging_message_id` make is left out
 * where it would come first: the view of hop_keys makes it, and readers by {@link OWN_KEY_LEFT_OUT}.
 */
export const MESSAGE_KEYS_COLUMN = "message_keys";
/** What the list is: a sum of the two that follow; 0 of a list that is there as the span's attribute has it. */
export const MESSAGE_KEYS_FORM_COLUMN = "message_keys_form";
/** The span did not bring its message keys as an attribute. */
export const KEYS_DERIVED = 1;
/** The list begins with the key of the span's own system and id, which is left out. */
export const OWN_KEY_LEFT_OUT = 2;

/** The typed maps of everything else; the last one holds OTLP/JSON `AnyValue` texts. */
export const ATTRIBUTE_MAP_COLUMNS = {
  string: "attributes_string",
  int: "attributes_int",
  double: "attributes_double",
  bool: "attributes_bool",
  json: "attributes_json",
} as const;
