/**
 * A boolean expression over one span, in SQL.
 *
 * @see https://github.com/jaegertracing/jaeger/blob/main/docs/rfc/0005-structured-query-filters.md
 */
import { attributeSql, resourceAttributeSql } from "./attribute-sql.ts";

/** Fields of a span that are no attributes, and their type. */
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
  service: { sql: "toString(service_name)", type: "text" },
  /** Nanoseconds. */
  duration: { sql: "toFloat64(duration_ns)", type: "number" },
  /** Nanoseconds since the epoch. */
  startTime: { sql: "toFloat64(toUnixTimestamp64Nano(start_time))", type: "number" },
  endTime: { sql: "toFloat64(toUnixTimestamp64Nano(start_time) + duration_ns)", type: "number" },
} as const;
export type FilterField = keyof typeof FILTER_FIELDS;

/** What a comparison looks at. */
export type FilterReference =
  | { readonly field: FilterField }
  /** Without a level: of the span, else of its resource. */
  | { readonly attribute: string; readonly level: "any" | "span" | "resource" };

export type FilterComparison = "eq" | "ne" | "gt" | "lt" | "gte" | "lte";

export type FilterExpression =
  | { readonly op: "and" | "or"; readonly args: readonly FilterExpression[] }
  | { readonly op: "not"; readonly arg: FilterExpression }
  | { readonly op: "exists"; readonly of: FilterReference }
  | { readonly op: "regex"; readonly of: FilterReference; readonly pattern: string }
  | { readonly op: "in" | "not_in"; readonly of: FilterReference; readonly values: readonly string[] }
  /** A number compares as one, a text as one; equality of an attribute is always that of its text. */
  | { readonly op: FilterComparison; readonly of: FilterReference; readonly value: string | number };

const COMPARISONS = { eq: "=", ne: "!=", gt: ">", lt: "<", gte: ">=", lte: "<=" } as const;

/** The condition; what has no value meets no comparison. Its parameters are added to `params`. */
export function filterSql(expression: FilterExpression, params: Record<string, unknown>): string {
  switch (expression.op) {
    case "and":
    case "or":
      return `(${expression.args.map((arg) => filterSql(arg, params)).join(` ${expression.op.toUpperCase()} `)})`;
    case "not":
      return `(NOT ${filterSql(expression.arg, params)})`;
    case "exists":
      return isNumber(expression.of) ? "1" : `(${referenceSql(expression.of, params)} != '')`;
    case "regex": {
      const value = referenceSql(expression.of, params);
      return `(${value} != '' AND match(${value}, ${add(params, "String", expression.pattern)}))`;
    }
    case "in":
    case "not_in": {
      const value = referenceSql(expression.of, params);
      const isIn = `has(${add(params, "Array(String)", expression.values)}, ${value})`;
      return `(${value} != '' AND ${expression.op === "in" ? isIn : `NOT ${isIn}`})`;
    }
    default:
      return comparisonSql(expression, params);
  }
}

type Comparison = Extract<FilterExpression, { readonly value: string | number }>;

function comparisonSql({ op, of, value: wanted }: Comparison, params: Record<string, unknown>): string {
  const value = referenceSql(of, params);
  const sign = COMPARISONS[op];
  if (isNumber(of)) return `(${value} ${sign} ${add(params, "Float64", Number(wanted))})`;
  const isOrdered = op !== "eq" && op !== "ne";
  if (isOrdered && typeof wanted === "number") {
    return `(ifNull(toFloat64OrNull(${value}) ${sign} ${add(params, "Float64", wanted)}, 0))`;
  }
  return `(${value} != '' AND ${value} ${sign} ${add(params, "String", String(wanted))})`;
}

function isNumber(reference: FilterReference): boolean {
  return "field" in reference && FILTER_FIELDS[reference.field].type === "number";
}

function referenceSql(reference: FilterReference, params: Record<string, unknown>): string {
  if ("field" in reference) return FILTER_FIELDS[reference.field].sql;
  const prefix = `expression${String(Object.keys(params).length)}`;
  const build = reference.level === "resource" ? resourceAttributeSql : attributeSql;
  const { sql, params: own } = build(reference.attribute, prefix, { isOfSpan: reference.level === "span" });
  Object.assign(params, own);
  return sql;
}

function add(params: Record<string, unknown>, type: string, value: unknown): string {
  const name = `expression${String(Object.keys(params).length)}`;
  params[name] = value;
  return `{${name}:${type}}`;
}
