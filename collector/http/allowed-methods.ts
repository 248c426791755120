/** Which methods a path has, so that a wrong one is told from a wrong path. */
import type { Context } from "hono";

interface Route {
  readonly method: string;
  /** As Hono writes it: `/api/flows/:traceId`. */
  readonly path: string;
}

/** Sets `Allow` where the path has routes of other methods; undefined where it has none. */
export function otherMethods(context: Context, routes: readonly Route[], path = context.req.path): string | undefined {
  const methods = new Set(routes.filter((route) => isOf(route, path)).map(({ method }) => method));
  if (methods.size === 0) return undefined;
  if (methods.has("GET")) methods.add("HEAD");
  const allowed = [...methods].sort().join(", ");
  context.header("Allow", allowed);
  return `${context.req.method} is no method of ${path}; it has ${allowed}.`;
}

/** A route of all methods, or of all paths, says nothing of this one. */
function isOf({ method, path: pattern }: Route, path: string): boolean {
  if (method === "ALL" || pattern.includes("*")) return false;
  const parts = pattern.split("/");
  const given = path.split("/");
  return parts.length === given.length && parts.every((part, at) => isPart(part, given[at] ?? ""));
}

/** `:name` is anything, `:name{a|b}` what its expression says. */
function isPart(part: string, given: string): boolean {
  if (!part.startsWith(":")) return part === given;
  const expression = /\{(.+)\}$/.exec(part)?.[1];
  return given !== "" && (expression === undefined || new RegExp(`^(?:${expression})$`).test(given));
}
