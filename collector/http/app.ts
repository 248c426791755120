/** The collector's HTTP app: the query API, health, metrics and the UI. */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Hono } from "hono";
import type { BlankEnv } from "hono/types";
import { type Log, silentLog } from "../store/log.ts";
import type { Store } from "../store/store.ts";
import { otherMethods } from "./allowed-methods.ts";
import { answerHeaders } from "./answer-headers.ts";
import { answerError, ApiError } from "./api-error.ts";
import { apiRouter, type ApiContext } from "./api-router.ts";
import { failureLog } from "./failure-log.ts";
import { flowOutlineRoutes } from "./flow-outline-api.ts";
import { flowRoutes } from "./flows-api.ts";
import { functionRoutes } from "./functions-api.ts";
import { gzip } from "./gzip.ts";
import { healthRoutes } from "./health.ts";
import { jaegerV1 } from "./jaeger/jaeger-v1.ts";
import { jaegerV3 } from "./jaeger/jaeger-v3.ts";
import { liveRoutes } from "./live-api.ts";
import { metricsRoutes } from "./metrics.ts";
import { describeApi } from "./openapi.ts";
import { spanRoutes } from "./spans-api.ts";
import { staticUi } from "./static-ui.ts";
import { uiAuth } from "./ui-auth.ts";

/** What the app is made of; only the store has to be there. */
export interface AppOptions {
  readonly store: Store;
  /** Where the collector's own failures are told; absent, nowhere. */
  readonly log?: Log;
  /** The routes of alerts (`alertRoutes(...)`); absent in a collector that evaluates none. */
  readonly alerts?: OpenAPIHono;
  /** Folder of the built UI, absolute; absent, or without an index.html, the root says how to build it. */
  readonly uiDir?: string;
  /** Asked for before anything but `/healthz` and `/readyz`; absent, everyone who reaches the port may read. */
  readonly password?: string | undefined;
  /** Lines that the parts of the collector add to `/metrics`, in the Prometheus text format. */
  readonly metrics?: readonly (() => string)[];
  /** The clock, milliseconds since the epoch; tests set it. */
  readonly now?: () => number;
}

/** The query API; its type is that of a typed client. */
export function apiRoutes(context: ApiContext) {
  return apiRouter()
    .route("/", flowRoutes(context))
    .route("/", flowOutlineRoutes(context))
    .route("/", functionRoutes(context))
    .route("/", spanRoutes(context))
    .route("/", liveRoutes(context));
}

/** What a typed client of the query API is made of: `hc<Api>(url)`. */
export type Api = ReturnType<typeof apiRoutes>;

/** Composes the app; nothing listens yet (see serve.ts). */
export function createApp(options: AppOptions): Hono {
  const { store, log = silentLog, alerts, uiDir, password, metrics = [], now = Date.now } = options;
  const app = new OpenAPIHono<BlankEnv>();
  app.onError(answerError);
  app.use(gzip);
  app.use(failureLog(log));
  app.use(answerHeaders);
  if (password !== undefined) app.use(uiAuth(password));
  app.route("/", healthRoutes(store));
  app.route("/", metricsRoutes({ store, now, parts: metrics }));
  app.route("/", apiRoutes({ store, now }));
  if (alerts) app.route("/", alerts);
  describeApi(app, { isProtected: password !== undefined });
  for (const prefix of ["/", "/jaeger"]) {
    app.route(prefix, jaegerV1({ store, now }));
    app.route(prefix, jaegerV3({ store }));
  }
  app.all("/api/*", (context) => {
    const other = otherMethods(context, app.routes);
    if (other !== undefined) throw new ApiError("method-not-allowed", other);
    throw new ApiError("not-found", `${context.req.method} ${context.req.path} is not a route; see /api/openapi.json.`);
  });
  app.route("/", staticUi(uiDir));
  return app;
}
