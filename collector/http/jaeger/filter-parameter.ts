/**
 * `query.filter` of version 3: an expression as JSON, of calls with arguments.
 *
 * @see https://github.com/jaegertracing/jaeger/blob/main/docs/rfc/0005-structured-query-filters.md
 */
import { z } from "zod";
import {
  ATTRIBUTE_LEVELS,
  FILTER_FIELDS,
  type AttributeLevel,
  type Collection,
  type FilterComparison,
  type FilterExpression,
  type FilterField,
  type FilterReference,
} from "../../store/queries/filter-expression.ts";
import { goDurationMs, JaegerError } from "./parameters.ts";

/** Calls inside of one another, at most: what nobody writes by hand. */
const DEPTH_MAX = 16;

interface Call {
  readonly op: string;
  readonly args?: readonly Argument[] | undefined;
}

interface Argument {
  readonly call?: Call | undefined;
  readonly attr?: { readonly key: string; readonly level?: string | undefined } | undefined;
  readonly field?: { readonly name: string; readonly level?: string | undefined } | undefined;
  readonly nested?: { readonly level?: string | undefined } | undefined;
  readonly scalar?: { readonly value: string; readonly type?: string | undefined } | undefined;
  readonly list?: { readonly values: readonly string[]; readonly type?: string | undefined } | undefined;
}

const level = z.string().optional();
const type = z.string().optional();
const callSchema: z.ZodType<Call> = z.lazy(() =>
  z.object({ op: z.string(), args: z.array(argumentSchema).max(100).optional() }),
);
const argumentSchema: z.ZodType<Argument> = z.object({
  call: callSchema.optional(),
  attr: z.object({ key: z.string().min(1), level }).optional(),
  field: z.object({ name: z.string(), level }).optional(),
  nested: z.object({ level }).optional(),
  scalar: z.object({ value: z.string(), type }).optional(),
  list: z.object({ values: z.array(z.string()).max(1_000), type }).optional(),
});

/**
 * The expression of the parameter.
 *
 * @throws JaegerError 400 where it is none, or asks for what is not searched here
 */
export function filterParameter(json: string | undefined): FilterExpression | undefined {
  if (json === undefined) return undefined;
  if (depthOf(json) > DEPTH_MAX * NESTING_PER_CALL) throw wrong(`has more than ${String(DEPTH_MAX)} calls in one another`);
  const parsed = callSchema.safeParse(parsedJson(json));
  if (!parsed.success) throw wrong(`must be a call: {"op": ..., "args": [...]} (${z.prettifyError(parsed.error)})`);
  return toExpression(parsed.data);
}

/** Each call brings its own braces, those of its arguments and their list. */
const NESTING_PER_CALL = 3;

/** How deep the brackets go: asked before anything is parsed that could go too deep. */
function depthOf(json: string): number {
  let [depth, deepest] = [0, 0];
  for (const char of json) {
    if (char === "{" || char === "[") deepest = Math.max(deepest, (depth += 1));
    else if (char === "}" || char === "]") depth -= 1;
  }
  return deepest;
}

function parsedJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw wrong("is no JSON");
  }
}

function wrong(message: string): JaegerError {
  return new JaegerError(400, `malformed parameter query.filter: ${message}`);
}

const REVERSED = { eq: "eq", ne: "ne", gt: "lt", lt: "gt", gte: "lte", lte: "gte" } as const;

function toExpression({ op, args = [] }: Call): FilterExpression {
  if (op === "and" || op === "or") {
    if (args.length < 2) throw wrong(`${op} takes two predicates or more`);
    return { op, args: args.map(predicate) };
  }
  const [first, second] = args;
  if (op === "not") return { op, arg: predicate(only(args, 1, op)[0]) };
  if (op === "exists") return { op, of: reference(only(args, 1, op)[0]) };
  only(args, 2, op);
  if (op === "some") return { op, of: collection(first), arg: elementPredicate(second) };
  if (op === "in" || op === "not_in") {
    if (second?.list === undefined) throw wrong(`${op} takes a reference and a list`);
    return { op, of: textReference(first, op), values: second.list.values };
  }
  if (op === "regex") return { op, of: textReference(first, op), pattern: pattern(second?.scalar?.value) };
  if (!Object.hasOwn(REVERSED, op)) throw wrong(`op ${JSON.stringify(op)} is not supported here`);
  const comparison = op as FilterComparison;
  // The constant may be written first: that asks the same, the other way round.
  if (first?.scalar) return compared(REVERSED[comparison], second, first.scalar);
  return compared(comparison, first, second?.scalar);
}

function only(args: readonly Argument[], count: number, op: string): readonly Argument[] {
  if (args.length !== count) throw wrong(`${op} takes ${String(count)} argument${count === 1 ? "" : "s"}`);
  return args;
}

function predicate(argument: Argument | undefined): FilterExpression {
  if (argument?.call === undefined) throw wrong("a predicate is a call");
  return toExpression(argument.call);
}

function collection(argument: Argument | undefined): Collection {
  const of = argument?.nested?.level;
  if (of === "event" || of === "link") return of;
  throw wrong("some takes a collection, of events or of links, and a predicate");
}

function elementPredicate(argument: Argument | undefined): FilterExpression {
  const found = predicate(argument);
  if (holdsSome(found)) throw wrong("some inside of some is not supported here");
  return found;
}

function holdsSome(expression: FilterExpression): boolean {
  if (expression.op === "some") return true;
  if (expression.op === "not") return holdsSome(expression.arg);
  return (expression.op === "and" || expression.op === "or") && expression.args.some(holdsSome);
}

/** A field of the span is called by its name alone. */
function reference(argument: Argument | undefined): FilterReference {
  if (argument?.field) {
    const { name, level: of = "span" } = argument.field;
    const field = of === "span" ? name : `${of}.${name}`;
    if (!Object.hasOwn(FILTER_FIELDS, field) || (of === "span" && name.includes("."))) {
      throw wrong(`field ${of}.${name} is not searched here; those that are: ${Object.keys(FILTER_FIELDS).join(", ")}`);
    }
    return { field: field as FilterField };
  }
  if (argument?.attr === undefined) throw wrong("an operand is an attr or a field");
  const { key, level: of = "" } = argument.attr;
  const found = of === "" ? "any" : of;
  if (of === "any" || !(ATTRIBUTE_LEVELS as readonly string[]).includes(found)) {
    throw wrong(`attributes of level ${JSON.stringify(of)} are not searched here: span, resource, scope, event or link`);
  }
  return { attribute: key, level: found as AttributeLevel };
}

function textReference(argument: Argument | undefined, op: string): FilterReference {
  const found = reference(argument);
  if ("field" in found && FILTER_FIELDS[found.field].type === "number") throw wrong(`${op} takes no ${found.field}`);
  return found;
}

/** RE2 by its commonest part: what JavaScript refuses the store would refuse too. */
function pattern(text: string | undefined): string {
  if (text === undefined) throw wrong("regex takes a reference and a string");
  try {
    new RegExp(text);
  } catch {
    throw wrong(`${JSON.stringify(text)} is no regular expression`);
  }
  return text;
}

function compared(op: FilterComparison, left: Argument | undefined, scalar: Argument["scalar"]): FilterExpression {
  if (scalar === undefined) throw wrong(`${op} takes a reference and a constant`);
  const of = reference(left);
  return { op, of, value: constant(of, scalar) };
}

function constant(of: FilterReference, { value, type: declared }: NonNullable<Argument["scalar"]>): string | number {
  if ("field" in of && of.field === "duration") {
    return (goDurationMs("malformed parameter query.filter", value) ?? 0) * 1e6;
  }
  if ("field" in of && FILTER_FIELDS[of.field].type === "number") {
    const ms = Date.parse(value);
    if (Number.isNaN(ms)) throw wrong(`${of.field} takes a time as RFC 3339`);
    return ms * 1e6;
  }
  if (declared === "string") return value;
  const number = value.trim() === "" ? Number.NaN : Number(value);
  const isNumber = Number.isFinite(number) && (declared !== "int" || Number.isInteger(number));
  if ((declared === "int" || declared === "double") && !isNumber) {
    throw wrong(`${JSON.stringify(value)} is not the ${JSON.stringify(declared)} it declares`);
  }
  return isNumber && !("field" in of) ? number : value;
}
