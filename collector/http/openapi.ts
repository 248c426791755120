/** `/api/openapi.json`: the routes as they are declared, with what holds of all of them. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { BlankEnv } from "hono/types";

const API_DESCRIPTION =
  "Flows, functions, spans and alerts, as the UI reads them. Beside them lie the routes of Jaeger's query API, which " +
  "Jaeger describes: /api/services, /api/operations, /api/traces, /api/transform, /api/archive, /api/dependencies, " +
  "/api/metrics and /api/v3.";

/** How a password is sent: HTTP basic authentication. */
const SECURITY_SCHEME = "password";

type Document = ReturnType<OpenAPIHono["getOpenAPI31Document"]>;
type PathItem = NonNullable<Document["paths"]>[string];

/** Adds the route that describes all routes added until it is asked. */
export function describeApi(app: OpenAPIHono<BlankEnv>, { isProtected }: { readonly isProtected: boolean }): void {
  app.openAPIRegistry.registerComponent("securitySchemes", SECURITY_SCHEME, {
    type: "http",
    scheme: "basic",
    description: "Any user name, and HOPSCOPE_UI_PASSWORD. Not asked for where none is set.",
  });
  app.get("/api/openapi.json", (context) => {
    const document = app.getOpenAPI31Document({
      openapi: "3.1.0",
      info: { title: "Hopscope query API", version: "1", description: API_DESCRIPTION },
      servers: [{ url: "/" }],
      ...(isProtected && { security: [{ [SECURITY_SCHEME]: [] }] }),
    });
    const { webhooks: _none, paths = {}, ...rest } = document;
    const named = Object.entries(paths).map(([path, item]) => [path, withNames(path, item)]);
    return context.json({ ...rest, paths: Object.fromEntries(named) as Document["paths"] });
  });
}

const METHODS = ["get", "put", "post", "delete"] as const;

/** Each operation with an id for generated clients, and parameters that are described where readers look. */
function withNames(path: string, item: PathItem): PathItem {
  const named = { ...item };
  for (const method of METHODS) {
    const operation = item[method];
    if (!operation) continue;
    const parameters = operation.parameters?.map((parameter) => {
      const { schema } = parameter as { schema?: { description?: string } };
      return { ...(schema?.description !== undefined && { description: schema.description }), ...parameter };
    });
    named[method] = { operationId: operationId(method, path), ...operation, ...(parameters && { parameters }) };
  }
  return named;
}

/** `getFlowsByTraceIdOtlp` of `get /api/flows/{traceId}/otlp`. */
function operationId(method: string, path: string): string {
  const words = path
    .replace(/^\/api\//, "")
    .replaceAll("{", "by/")
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== "");
  return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}
