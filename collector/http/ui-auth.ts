/** A password before the API and the UI: HTTP basic authentication, which browsers and Grafana know. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import type { ErrorResponse } from "../../schema/api.ts";

/** What load balancers and container runtimes ask, and nobody can learn anything from. */
const OPEN_PATHS: ReadonlySet<string> = new Set(["/healthz", "/readyz"]);
const BASIC = /^Basic +([A-Za-z0-9+/]+=*)$/i;

/** Lets requests pass that bring the password, with any user name; the others get a 401 that makes a browser ask. */
export function uiAuth(password: string): MiddlewareHandler {
  const wanted = digestOf(password);
  return async (context, next) => {
    if (OPEN_PATHS.has(context.req.path) || timingSafeEqual(wanted, digestOf(passwordOf(context.req.header("authorization"))))) {
      return next();
    }
    context.header("WWW-Authenticate", 'Basic realm="Hopscope", charset="UTF-8"');
    const body: ErrorResponse = {
      error: { code: "unauthorized", message: "The password is needed (HOPSCOPE_UI_PASSWORD), with any user name." },
    };
    return context.json(body, 401);
  };
}

/** '' where there is none, which no password is. */
function passwordOf(authorization: string | undefined): string {
  const pair = Buffer.from(BASIC.exec(authorization ?? "")?.[1] ?? "", "base64").toString("utf8");
  return pair.slice(pair.indexOf(":") + 1);
}

function digestOf(password: string): Buffer {
  return createHash("sha256").update(password).digest();
}
