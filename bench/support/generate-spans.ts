/**
 * Flows for benchmarks, made by the store itself: an order over a topic to a payment function and, in batches of ten,
 * an inventory; the payment sends a receipt whose consumer is in a trace of its own, joined by the message's id alone.
 * Four kinds of functions in twelve copies each, and twelve topics and queues. One payment in 50 is tried three times,
 * one in 500 ends in a dead-letter queue; one invocation in 100 is a cold start; the clocks of a quarter of the payment
 * functions are 150 ms behind.
 */
import type { Store } from "../../collector/store/store.ts";

/** Spans of one order, the batch's share left out. */
const SPANS_PER_ORDER = 10;
/** Orders that meet in one invocation. */
const BATCH_SIZE = 10;
const ORDERS_PER_INSERT = 100_000;
/** Copies of each function, and of each topic and queue: 48 functions with two others, and 12. */
const FUNCTION_COPIES = 12;
const DESTINATION_COPIES = 3;
/** One order in so many has a payment that fails twice, and one whose payment is given up. */
const RETRIED_ONE_IN = 50;
const DEAD_ONE_IN = 500;
/** The payment functions whose clock is behind: every fourth. */
const SKEWED_PAYMENTS = `i % ${String(FUNCTION_COPIES)} % 4 = 3`;
const SKEW_MS = 150;
/** Consumers of one span's messages in the larger flows, with two spans below each. */
const LARGE_CONSUMERS = 33;
const HUGE_CONSUMERS = 3_333;

export interface Generated {
  readonly orders: number;
  /** Trace id of an order's n-th: by {@link traceIdSql}. */
  readonly largeFlows: number;
}

/** SQL for a trace id; `what`: `t` an order's own, `r` its receipt's, `l` a large flow's, `h` the huge one's. */
export function traceIdSql(index: string, what: string): string {
  return `toFixedString(sipHash128(${index}, '${what}'), 16)`;
}

const spanId = (index: string, slot: string, what = "s") =>
  `toFixedString(reinterpretAsFixedString(sipHash64(${index}, ${slot}, '${what}')), 8)`;

const NO_PARENT = "toFixedString('', 8)";
const NO_UUID = "toUUID('00000000-0000-0000-0000-000000000000')";

const resource = (service: string) =>
  `concat('{"attributes":[{"key":"service.name","value":{"stringValue":"', ${service}, '"}},{"key":"faas.name","value":{"stringValue":"', ${service}, '"}}]}')`;

/** What every row has; each insert adds its own ids, times and messages. */
function columns({ span_id: span = "", parent_span_id: parent = NO_PARENT, ...over }: Record<string, string>): string {
  const all: Record<string, string> = {
    trace_id: "",
    span_ids: `toFixedString(concat(${span}, ${parent}), 16)`,
    start_time: "",
    duration_ns: "toUInt64(1000000 + rand(1) % 90000000)",
    name: "''",
    kind: "1",
    status_code: "if(rand(2) % 50 = 0, 2, 0)",
    service_name: "''",
    faas_name: "service_name",
    resource: resource("service_name"),
    scope: '\'{"name":"hopscope"}\'',
    faas_trigger: "''",
    faas_coldstart: "0",
    faas_invocation_uuid: NO_UUID,
    init_duration_ms: "if(faas_coldstart = 2, 80 + rand(7) % 400, 0)",
    memory_used: "if(faas_trigger = '', 0, 100000000 + rand(8) % 10000000)",
    message_receive_count: "0",
    messaging_system: "''",
    messaging_operation_type: "''",
    messaging_destination_name: "''",
    messaging_message_uuid: NO_UUID,
    messaging_batch_message_count: "0",
    message_sent_ms: "0",
    message_keys: "[]",
    message_keys_form: "0",
    http_route: "''",
    http_response_status_code: "0",
    faas_max_memory: "toUInt64(536870912)",
    attributes_string:
      "map('customer.id', toString(generateUUIDv4()), 'order.region', concat('region-', toString(rand(3) % 20)), 'deployment.color', if(rand(4) % 2 = 0, 'blue', 'green'))",
    attributes_int: "map('http.request.body.size', toInt64(rand(5) % 5000))",
    "`links.trace_id`": "[]",
    "`links.span_id`": "[]",
    "`links.trace_state`": "[]",
    "`links.attributes`": "[]",
    "`links.dropped_attributes_count`": "[]",
    "`links.flags`": "[]",
    ...over,
  };
  return Object.entries(all)
    .map(([name, sql]) => `${sql} AS ${name}`)
    .join(",\n  ");
}

function insert(select: string, over: Record<string, string>): string {
  const names = columns(over)
    .split(",\n  ")
    .map((column) => column.slice(column.lastIndexOf(" AS ") + 4));
  return `INSERT INTO spans (${names.join(", ")})\nSELECT\n  ${columns(over)}\n${select}`;
}

const at = (slots: readonly string[]) => `arrayElement([${slots.join(", ")}], k + 1)`;
const texts = (slots: readonly string[]) => at(slots.map((slot) => `'${slot}'`));
const uuid = (what: string, index = "i") => `reinterpretAsUUID(sipHash128(${index}, '${what}'))`;
const BATCH = `intDiv(i, ${String(BATCH_SIZE)})`;
const copyOf = (name: string, index = "i") => `concat('${name}-', toString(${index} % ${String(DESTINATION_COPIES)}))`;
const INVOCATION_ID = "generateUUIDv4(9)";

function ordersSql(first: number, count: number, orders: number): string {
  const start = `now64(9) - toIntervalMillisecond(intDiv((${String(orders)} - i) * 86400000, ${String(orders)}) + 60000)`;
  return insert(
    `FROM (SELECT number AS i FROM numbers(${String(first)}, ${String(count)})) ARRAY JOIN range(${String(SPANS_PER_ORDER)}) AS k`,
    {
      trace_id: `if(k = 9, ${traceIdSql("i", "r")}, ${traceIdSql("i", "t")})`,
      span_id: spanId("i", "k"),
      parent_span_id: `if(k IN (0, 9), toFixedString('', 8), ${spanId("i", at(["0", "0", "0", "2", "1", "4", "1", "6", "4", "0"]))})`,
      start_time: `${start} + toIntervalMillisecond(${at(["0", "10", "2", "4", "60", "65", "200", "205", "90", "300"])} - if(k IN (4, 5, 8) AND ${SKEWED_PAYMENTS}, ${String(SKEW_MS)}, 0))`,
      name: `if(k = 0, concat('POST /orders/', toString(i % 8)), ${texts(["", "send orders", "checkout", "GET", "process payments", "charge", "process inventory", "reserve", "send receipts", "process receipts"])})`,
      kind: at(["2", "4", "1", "3", "5", "3", "5", "1", "4", "5"]),
      service_name: `concat(${texts(["api", "api", "api", "api", "payment", "payment", "inventory", "inventory", "payment", "receipts"])}, '-', toString(if(k IN (6, 7), ${BATCH}, i) % ${String(FUNCTION_COPIES)}))`,
      faas_trigger: texts(["http", "", "", "", "pubsub", "", "", "", "", "pubsub"]),
      faas_coldstart: "if(k IN (0, 4, 9), if(rand(6) % 100 = 0, 2, 1), 0)",
      faas_invocation_uuid: `if(k IN (0, 4, 9), ${INVOCATION_ID}, ${NO_UUID})`,
      message_receive_count: `if(k IN (4, 6, 9), if(k = 4 AND i % ${String(RETRIED_ONE_IN)} = 0, 3, 1), 0)`,
      messaging_system: texts(["", "aws.sns", "", "", "aws_sqs", "", "aws_sqs", "", "aws_sqs", "aws_sqs"]),
      messaging_operation_type: texts(["", "send", "", "", "process", "", "process", "", "send", "process"]),
      messaging_destination_name: at([
        "''",
        copyOf("orders"),
        "''",
        "''",
        copyOf("payments"),
        "''",
        copyOf("inventory", BATCH),
        "''",
        copyOf("receipts"),
        copyOf("receipts"),
      ]),
      messaging_message_uuid: at([
        NO_UUID,
        uuid("sns"),
        NO_UUID,
        NO_UUID,
        uuid("pay"),
        NO_UUID,
        uuid("inv"),
        NO_UUID,
        uuid("rec"),
        uuid("rec"),
      ]),
      message_sent_ms: `if(k IN (4, 6, 9), toUInt64(toUnixTimestamp64Milli(start_time)) - 40, toUInt64(0))`,
      message_keys: at([
        "emptyArrayString()",
        "emptyArrayString()",
        "emptyArrayString()",
        "emptyArrayString()",
        `[concat('aws.sns:', toString(${uuid("sns")}))]`,
        "emptyArrayString()",
        `[concat('aws.sns:', toString(${uuid("sns")}))]`,
        "emptyArrayString()",
        "emptyArrayString()",
        "emptyArrayString()",
      ]),
      message_keys_form: "if(k IN (4, 6), 2, 0)",
      http_route: "if(k = 0, '/orders/{id}', '')",
      http_response_status_code: "if(k = 0, 201, 0)",
      "`links.trace_id`": `if(k = 6, [${traceIdSql(`intDiv(i, ${String(BATCH_SIZE)})`, "b")}], [])`,
      "`links.span_id`": `if(k = 6, [${spanId(`intDiv(i, ${String(BATCH_SIZE)})`, "0", "b")}], [])`,
      "`links.trace_state`": "if(k = 6, [''], [])",
      "`links.attributes`": "if(k = 6, [''], [])",
      "`links.dropped_attributes_count`": "if(k = 6, [toUInt32(0)], [])",
      "`links.flags`": "if(k = 6, [toUInt32(0)], [])",
    },
  );
}

function batchesSql(first: number, count: number, orders: number): string {
  const start = `now64(9) - toIntervalMillisecond(intDiv((${String(orders)} - b * ${String(BATCH_SIZE)}) * 86400000, ${String(orders)}) + 59800)`;
  const members = (sql: string) =>
    `arrayMap(j -> ${sql.replaceAll("ORDER", `(b * ${String(BATCH_SIZE)} + j)`)}, range(${String(BATCH_SIZE)}))`;
  const attributes = `concat('[{"key":"messaging.message.id","value":{"stringValue":"', toString(${uuid("inv", "ORDER")}), '"}}]')`;
  return insert(
    `FROM (SELECT number AS b FROM numbers(${String(first / BATCH_SIZE)}, ${String(count / BATCH_SIZE)}))`,
    {
      trace_id: traceIdSql("b", "b"),
      span_id: spanId("b", "0", "b"),
      start_time: start,
      name: "'receive inventory'",
      kind: "5",
      service_name: `concat('inventory-', toString(b % ${String(FUNCTION_COPIES)}))`,
      messaging_system: "'aws_sqs'",
      messaging_operation_type: "'receive'",
      messaging_destination_name: `concat('inventory-', toString(b % ${String(DESTINATION_COPIES)}))`,
      messaging_batch_message_count: String(BATCH_SIZE),
      message_keys: members(`concat('aws_sqs:', toString(${uuid("inv", "ORDER")}))`),
      message_keys_form: "1",
      "`links.trace_id`": members(traceIdSql("ORDER", "t")),
      "`links.span_id`": members(spanId("ORDER", "1")),
      "`links.trace_state`": members("''"),
      "`links.attributes`": members(attributes),
      "`links.dropped_attributes_count`": members("toUInt32(0)"),
      "`links.flags`": members("toUInt32(0)"),
    },
  );
}

/** Attempts at payments before the one that succeeded, or after which the message came to a dead-letter queue. */
function failuresSql(first: number, count: number, orders: number): string {
  const start = `now64(9) - toIntervalMillisecond(intDiv((${String(orders)} - i) * 86400000, ${String(orders)}) + 60000)`;
  return insert(
    `FROM (SELECT number AS i FROM numbers(${String(first)}, ${String(count)}) WHERE number % ${String(RETRIED_ONE_IN)} = 0)
     ARRAY JOIN range(if(i % ${String(DEAD_ONE_IN)} = 0, 3, 2)) AS k`,
    {
      trace_id: traceIdSql("i", "t"),
      span_id: spanId("i", "k", "f"),
      parent_span_id: spanId("i", "1"),
      start_time: `${start} + toIntervalMillisecond(12 + k * 20 - if(${SKEWED_PAYMENTS}, ${String(SKEW_MS)}, 0))`,
      name: `if(k = 2, 'process payments-dlq', 'process payments')`,
      kind: "5",
      status_code: "if(k = 2, 0, 2)",
      service_name: `concat('payment-', toString(i % ${String(FUNCTION_COPIES)}))`,
      faas_trigger: "'pubsub'",
      faas_coldstart: "1",
      faas_invocation_uuid: INVOCATION_ID,
      messaging_system: "'aws_sqs'",
      messaging_operation_type: "'process'",
      messaging_destination_name: `if(k = 2, 'payments-dlq', ${copyOf("payments")})`,
      messaging_message_uuid: uuid("pay"),
      message_receive_count: "if(k = 2, 1, k + 1)",
      message_sent_ms: "toUInt64(toUnixTimestamp64Milli(start_time)) - 40",
      message_keys: `[concat('aws.sns:', toString(${uuid("sns")}))]`,
      message_keys_form: "2",
      attributes_string: `if(k = 2, map('hopscope.dead_letter.source.name', ${copyOf("payments")}), map('order.region', concat('region-', toString(rand(3) % 20))))`,
    },
  );
}

/** A request that sends one message to each of its consumers, all in one trace. */
function fanOutSql(what: string, flows: number, consumers: number): string {
  const isConsumer = "k % 3 = 1";
  return insert(
    `FROM (SELECT number AS i FROM numbers(${String(flows)})) ARRAY JOIN range(${String(consumers * 3 + 1)}) AS k`,
    {
      trace_id: traceIdSql("i", what),
      span_id: spanId("i", "k", what),
      parent_span_id: `if(k = 0, toFixedString('', 8), ${spanId("i", `if(${isConsumer}, 0, k - 1)`, what)})`,
      start_time: "now64(9) - toIntervalMillisecond(3600000 - i * 1000 - k)",
      name: `if(k = 0, 'send batch', if(${isConsumer}, 'process jobs', 'work'))`,
      kind: `if(k = 0, 4, if(${isConsumer}, 5, 1))`,
      service_name: `if(k = 0, 'importer', 'worker')`,
      messaging_system: `if(k = 0 OR ${isConsumer}, 'aws_sqs', '')`,
      messaging_operation_type: `if(k = 0, 'send', if(${isConsumer}, 'process', ''))`,
      messaging_destination_name: `if(k = 0 OR ${isConsumer}, 'jobs', '')`,
      message_keys: `if(k = 0, arrayMap(n -> concat('aws_sqs:${what}', toString(i), '-', toString(n)), range(${String(consumers)})), if(${isConsumer}, [concat('aws_sqs:${what}', toString(i), '-', toString(intDiv(k, 3)))], emptyArrayString()))`,
    },
  );
}

/** Fills the store with about `spans` spans of the last day, a hundred flows of 100 spans and one of 10,000. */
export async function generateSpans(
  store: Store,
  spans: number,
  onInsert: (spans: number) => void,
): Promise<Generated> {
  const orders = Math.ceil(spans / (SPANS_PER_ORDER + 1 / BATCH_SIZE) / BATCH_SIZE) * BATCH_SIZE;
  const largeFlows = 100;
  await store.command(fanOutSql("l", largeFlows, LARGE_CONSUMERS));
  await store.command(fanOutSql("h", 1, HUGE_CONSUMERS));
  for (let first = 0; first < orders; first += ORDERS_PER_INSERT) {
    const count = Math.min(ORDERS_PER_INSERT, orders - first);
    await store.command(ordersSql(first, count, orders));
    await store.command(batchesSql(first, count, orders));
    await store.command(failuresSql(first, count, orders));
    onInsert((first + count) * SPANS_PER_ORDER);
  }
  return { orders, largeFlows };
}

/** The same spans in the table of the OpenTelemetry exporter, hour by hour. */
export async function copyToExporterTable(store: Store, exporter: string): Promise<void> {
  const [range] = await store.query<{ first: string; hours: string }>(
    "SELECT toUnixTimestamp(toStartOfHour(min(start_time))) AS first, dateDiff('hour', min(start_time), max(start_time)) + 1 AS hours FROM spans",
  );
  for (let hour = 0; hour < Number(range?.hours); hour += 1) {
    await store.command(
      `INSERT INTO ${exporter}.otel_traces (Timestamp, TraceId, SpanId, ParentSpanId, SpanName, SpanKind, ServiceName,
         ResourceAttributes, SpanAttributes, Duration, StatusCode, \`Links.TraceId\`, \`Links.SpanId\`, \`Links.TraceState\`, \`Links.Attributes\`)
       SELECT start_time, lower(hex(trace_id)), lower(hex(span_id)), if(parent_span_id = toFixedString('', 8), '', lower(hex(parent_span_id))),
         name, arrayElement(['Unspecified', 'Internal', 'Server', 'Client', 'Producer', 'Consumer'], kind + 1), service_name,
         map('service.name', service_name, 'faas.name', faas_name),
         mapFilter((key, value) -> value != '', mapConcat(attributes_string, mapApply((key, value) -> (key, toString(value)), attributes_int),
           map('faas.invocation_id', faas_invocation_id, 'faas.coldstart', transform(faas_coldstart, [1, 2], ['false', 'true'], ''),
             'hopscope.memory.used', if(memory_used = 0, '', toString(memory_used)),
             'hopscope.message.sent_ms', if(message_sent_ms = 0, '', toString(message_sent_ms)),
             'hopscope.message.receive_count', if(message_receive_count = 0, '', toString(message_receive_count))),
           map('messaging.system', messaging_system,
           'messaging.destination.name', messaging_destination_name, 'messaging.message.id', messaging_message_id, 'faas.trigger', faas_trigger,
           'messaging.operation.type', messaging_operation_type, 'http.route', http_route))),
         duration_ns, arrayElement(['Unset', 'Ok', 'Error'], status_code + 1),
         arrayMap(id -> lower(hex(id)), \`links.trace_id\`), arrayMap(id -> lower(hex(id)), \`links.span_id\`), \`links.trace_state\`,
         arrayMap(text -> map('json', text), \`links.attributes\`)
       FROM spans WHERE start_time >= toDateTime({hour:UInt32}) AND start_time < toDateTime({hour:UInt32}) + 3600`,
      { hour: Number(range?.first) + hour * 3_600 },
    );
  }
}
