/** `/api/spans` and what is counted over spans: groups, heatmap, completion, comparison. */
import { createRoute, type z } from "@hono/zod-openapi";
import {
  attributeKeysResponseSchema,
  attributeValuesQuerySchema,
  attributeValuesResponseSchema,
  compareQuerySchema,
  compareResponseSchema,
  heatmapQuerySchema,
  heatmapResponseSchema,
  spanGroupsQuerySchema,
  spanGroupsResponseSchema,
  spanListResponseSchema,
  spanSearchQuerySchema,
  timeRangeQuerySchema,
} from "../../schema/api.ts";
import { attributeKeys, attributeValues } from "../store/queries/attributes.ts";
import { compareSpans } from "../store/queries/compare.ts";
import { groupSpans, heatmap } from "../store/queries/span-groups.ts";
import { findSpans, spansAt } from "../store/queries/span-search.ts";
import { apiRouter, ERROR_ANSWERS, jsonAnswer, type ApiContext } from "./api-router.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { invalid } from "./api-error.ts";
import { CutNote, readingOf } from "./cut-note.ts";
import { timeRange } from "./time-range.ts";

function route<Path extends string, Query extends z.ZodObject, Answer extends z.ZodType>(
  path: Path,
  { summary, query, answer }: { summary: string; query: Query; answer: Answer },
) {
  return createRoute({
    method: "get",
    path,
    summary,
    request: { query },
    responses: { 200: jsonAnswer("The answer.", answer), ...ERROR_ANSWERS },
  });
}

const listRoute = route("/api/spans", {
  summary: "Spans that match, newest first",
  query: spanSearchQuerySchema,
  answer: spanListResponseSchema,
});
const groupsRoute = route("/api/spans/groups", {
  summary: "Spans grouped by an attribute's value",
  query: spanGroupsQuerySchema,
  answer: spanGroupsResponseSchema,
});
const heatmapRoute = route("/api/spans/heatmap", {
  summary: "Spans by time and duration",
  query: heatmapQuerySchema,
  answer: heatmapResponseSchema,
});
const compareRoute = route("/api/spans/compare", {
  summary: "Texts and flags that are over-represented among the spans; of resources, of service, function and cloud alone",
  query: compareQuerySchema,
  answer: compareResponseSchema,
});
const keysRoute = route("/api/attributes", {
  summary: "Attribute keys in use",
  query: timeRangeQuerySchema,
  answer: attributeKeysResponseSchema,
});
const valuesRoute = route("/api/attributes/values", {
  summary: "Values of an attribute in use",
  query: attributeValuesQuerySchema,
  answer: attributeValuesResponseSchema,
});

/** The routes of spans. */
export function spanRoutes({ store, now }: ApiContext) {
  return apiRouter()
    .openapi(listRoute, async (context) => {
      const { limit, cursor, ...query } = context.req.valid("query");
      const filter = { ...query, ...timeRange(query, now()) };
      const after = cursor === undefined ? undefined : decodeCursor(cursor);
      const cut = new CutNote();
      const reading = readingOf(context, cut);
      const positions = await findSpans(store, { filter, after, limit, ...reading });
      const last = positions.length === limit ? positions.at(-1) : undefined;
      const spans = await spansAt(store, positions, reading);
      return context.json({ spans, ...(last && { nextCursor: encodeCursor(last) }), ...cut.member }, 200);
    })
    .openapi(groupsRoute, async (context) => {
      const { by, limit, ...query } = context.req.valid("query");
      const filter = { ...query, ...timeRange(query, now()) };
      const cut = new CutNote();
      const groups = await groupSpans(store, { filter, by, limit, ...readingOf(context, cut) });
      return context.json({ ...groups, ...cut.member }, 200);
    })
    .openapi(heatmapRoute, async (context) => {
      const { columns, ...query } = context.req.valid("query");
      const filter = { ...query, ...timeRange(query, now()) };
      const cut = new CutNote();
      const cells = await heatmap(store, { filter, columns, ...readingOf(context, cut) });
      return context.json({ ...cells, ...cut.member }, 200);
    })
    .openapi(compareRoute, async (context) => {
      const { baseFrom, baseTo, ...query } = context.req.valid("query");
      const given = { ...query, ...timeRange(query, now()) };
      if ((baseFrom === undefined) !== (baseTo === undefined)) throw invalid("baseFrom", "goes with baseTo");
      if (Date.parse(baseFrom ?? "") >= Date.parse(baseTo ?? "")) throw invalid("baseFrom", "must be before baseTo");
      const cut = new CutNote();
      const [selected, base] =
        baseFrom === undefined
          ? [{ ...given, status: "error" as const }, { ...given, status: "ok" as const }]
          : [given, { ...given, ...timeRange({ from: baseFrom, to: baseTo }, now()) }];
      const compared = await compareSpans(store, { selected, base, ...readingOf(context, cut) });
      return context.json({ ...compared, ...cut.member }, 200);
    })
    .openapi(keysRoute, async (context) => {
      const range = timeRange(context.req.valid("query"), now());
      const cut = new CutNote();
      const keys = await attributeKeys(store, { ...range, ...readingOf(context, cut) });
      return context.json({ keys, ...cut.member }, 200);
    })
    .openapi(valuesRoute, async (context) => {
      const { key, prefix = "", ...query } = context.req.valid("query");
      const range = timeRange(query, now());
      const cut = new CutNote();
      const values = await attributeValues(store, { ...range, key, prefix, ...readingOf(context, cut) });
      return context.json({ values, ...cut.member }, 200);
    });
}
