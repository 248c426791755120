/**
 * A boolean expression over one span, its scope, its resource, its events and its links, in SQL.
 *
 * @see https://github.com/jaegertracing/jaeger/blob/main/docs/rfc/0005-structured-query-filters.md
 */
import { attributeSql, jsonAttributeSql, resourceAttributeSql, type Expression } from "./attribute-sql.ts";

/** What a span has several of. */
export type Collection = "event" | "link";

interface Field {
  readonly sql: string;
  readonly type: "text" | "number";
  /** Of each of these: `sql` then is of one, by the names of {@link ELEMENTS}. */
  readonly of?: Collection;
}

/** The columns of a collection, and what they are called in the condition on one element. */
const ELEMENTS: Readonly<Record<Collection, Readonly<Record<"names" | "columns" | "json", string>>>> = {
  event: {
    names: "(event_name, event_attributes)",
    columns: "`events.name`, `events.attributes`",
    json: "event_attributes",
  },
  link: {
    names: "(link_trace_id, link_span_id, link_trace_state, link_attributes)",
    columns: "`links.trace_id`, `links.span_id`, `links.trace_state`, `links.attributes`",
    json: "link_attributes",
  },
};

/** Fields of a span that are no attributes, and their type; those of other levels begin with the level. */
export const FILTER_FIELDS = {
  traceID: { sql: "lower(hex(spans.trace_id))", type: "text" },
  spanID: { sql: "lower(hex(spans.span_id))", type: "text" },
  parentSpanID: {
    sql: "if(spans.parent_span_id = toFixedString('', 8), '', lower(hex(spans.parent_span_id)))",
    type: "text",
  },
  traceState: { sql: "trace_state", type: "text" },
  name: { sql: "toString(spans.name)", type: "text" },
  kind: {
    sql: "arrayElement(['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'], kind + 1)",
    type: "text",
  },
  status: { sql: "arrayElement(['unset', 'ok', 'error'], status_code + 1)", type: "text" },
  statusMessage: { sql: "status_message", type: "text" },
  /** Nanoseconds. */
  duration: { sql: "toFloat64(duration_ns)", type: "number" },
  /** Nanoseconds since the epoch. */
  startTime: { sql: "toFloat64(toUnixTimestamp64Nano(start_time))", type: "number" },
  endTime: { sql: "toFloat64(toUnixTimestamp64Nano(start_time) + duration_ns)", type: "number" },
  "resource.service": { sql: "toString(service_name)", type: "text" },
  "resource.schemaURL": { sql: "JSONExtractString(toString(resource), 'schemaUrl')", type: "text" },
  "scope.name": { sql: "JSONExtractString(toString(scope), 'name')", type: "text" },
  "scope.version": { sql: "JSONExtractString(toString(scope), 'version')", type: "text" },
  "scope.schemaURL": { sql: "JSONExtractString(toString(scope), 'schemaUrl')", type: "text" },
  "event.name": { sql: "toString(event_name)", type: "text", of: "event" },
  "link.traceID": { sql: "lower(hex(link_trace_id))", type: "text", of: "link" },
  "link.spanID": { sql: "lower(hex(link_span_id))", type: "text", of: "link" },
  "link.traceState": { sql: "link_trace_state", type: "text", of: "link" },
} as const satisfies Record<string, Field>;
/** What can be compared without being an attribute. */
export type FilterField = keyof typeof FILTER_FIELDS;

/** Where attributes are; `any` is the span, else its resource. */
export const ATTRIBUTE_LEVELS = ["any", "span", "resource", "scope", "event", "link"] as const;
/** Whose attribute is meant. */
export type AttributeLevel = (typeof ATTRIBUTE_LEVELS)[number];

/** What a comparison looks at. */
export type FilterReference =
  | { readonly field: FilterField }
  | { readonly attribute: string; readonly level: AttributeLevel };

/** Equal, not equal, greater, less, and either with equality. */
export type FilterComparison = "eq" | "ne" | "gt" | "lt" | "gte" | "lte";

/** A condition on one span as a tree; `op` says what each node is. */
export type FilterExpression =
  | { readonly op: "and" | "or"; readonly args: readonly FilterExpression[] }
  | { readonly op: "not"; readonly arg: FilterExpression }
  /** One element meets all of it: what it says of the collection's level is said of that element. */
  | { readonly op: "some"; readonly of: Collection; readonly arg: FilterExpression }
  | { readonly op: "exists"; readonly of: FilterReference }
  | { readonly op: "regex"; readonly of: FilterReference; readonly pattern: string }
  | { readonly op: "in" | "not_in"; readonly of: FilterReference; readonly values: readonly string[] }
  /** A number compares as one, a text as one; equality of an attribute is always that of its text. */
  | { readonly op: FilterComparison; readonly of: FilterReference; readonly value: string | number };

const COMPARISONS = { eq: "=", ne: "!=", gt: ">", lt: "<", gte: ">=", lte: "<=" } as const;

/** Parameters gathered so far, and the collection of which one element is looked at. */
interface Context {
  readonly params: Record<string, unknown>;
  readonly element?: Collection;
}

/**
 * The condition; what has no value meets no comparison. Of what a span has several of, one has to meet it, and for a
 * difference none may be equal. Its parameters are added to `params`.
 */
export function filterSql(expression: FilterExpression, params: Record<string, unknown>): string {
  return conditionSql(expression, { params });
}

function conditionSql(expression: FilterExpression, context: Context): string {
  switch (expression.op) {
    case "and":
    case "or":
      return `(${expression.args.map((arg) => conditionSql(arg, context)).join(` ${expression.op.toUpperCase()} `)})`;
    case "not":
      return `(NOT ${conditionSql(expression.arg, context)})`;
    case "some": {
      const { names, columns } = ELEMENTS[expression.of];
      return `arrayExists(${names} -> ${conditionSql(expression.arg, { ...context, element: expression.of })}, ${columns})`;
    }
    case "exists":
      return isNumber(expression.of) ? "1" : present(referenceSql(expression.of, context));
    case "regex": {
      const pattern = add(context.params, "String", expression.pattern);
      return anyOf(referenceSql(expression.of, context), (value) => `match(${value}, ${pattern})`);
    }
    case "in":
    case "not_in": {
      const values = add(context.params, "Array(String)", expression.values);
      const isIn = (value: string) => `has(${values}, ${value})`;
      const reference = referenceSql(expression.of, context);
      return expression.op === "in" ? anyOf(reference, isIn) : noneOf(reference, isIn);
    }
    default:
      return comparisonSql(expression, context);
  }
}

type Comparison = Extract<FilterExpression, { readonly value: string | number }>;

function comparisonSql({ op, of, value: wanted }: Comparison, context: Context): string {
  const { params } = context;
  const reference = referenceSql(of, context);
  const sign = COMPARISONS[op];
  if (isNumber(of)) return `(${reference.sql} ${sign} ${add(params, "Float64", Number(wanted))})`;
  if (op !== "eq" && op !== "ne" && typeof wanted === "number") {
    const number = add(params, "Float64", wanted);
    return anyOf(reference, (value) => `ifNull(toFloat64OrNull(${value}) ${sign} ${number}, 0)`);
  }
  const text = add(params, "String", String(wanted));
  if (op === "ne") return noneOf(reference, (value) => `${value} = ${text}`);
  return anyOf(reference, (value) => `${value} ${sign} ${text}`);
}

function isNumber(reference: FilterReference): boolean {
  return "field" in reference && FILTER_FIELDS[reference.field].type === "number";
}

/** A text, '' where it is absent; or with `of` that of each element. */
interface Referred {
  readonly sql: string;
  readonly of?: Collection | undefined;
}

function present({ sql, of }: Referred): string {
  return overElements(of, `(${sql} != '')`);
}

function anyOf({ sql, of }: Referred, condition: (value: string) => string): string {
  return overElements(of, `(${sql} != '' AND ${condition(sql)})`);
}

function noneOf(referred: Referred, condition: (value: string) => string): string {
  return `(${present(referred)} AND NOT ${anyOf(referred, condition)})`;
}

function overElements(of: Collection | undefined, condition: string): string {
  if (of === undefined) return condition;
  const { names, columns } = ELEMENTS[of];
  return `arrayExists(${names} -> ${condition}, ${columns})`;
}

function referenceSql(reference: FilterReference, { params, element }: Context): Referred {
  const collection = (of: Collection | undefined) => (of === element ? undefined : of);
  if ("field" in reference) {
    const field: Field = FILTER_FIELDS[reference.field];
    return { sql: field.sql, of: collection(field.of) };
  }
  const { attribute, level } = reference;
  const { sql, params: own } = attributeAt(level, attribute, `expression${String(Object.keys(params).length)}`);
  Object.assign(params, own);
  return { sql, of: level === "event" || level === "link" ? collection(level) : undefined };
}

function attributeAt(level: AttributeLevel, key: string, prefix: string): Expression {
  switch (level) {
    case "resource":
      return resourceAttributeSql(key, prefix);
    case "scope":
      return jsonAttributeSql(key, prefix, "toString(scope)");
    case "event":
    case "link":
      return jsonAttributeSql(key, prefix, ELEMENTS[level].json);
    default:
      return attributeSql(key, prefix, { isOfSpan: level === "span" });
  }
}

function add(params: Record<string, unknown>, type: string, value: unknown): string {
  const name = `expression${String(Object.keys(params).length)}`;
  params[name] = value;
  return `{${name}:${type}}`;
}
