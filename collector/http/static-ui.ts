/** The built UI: hashed assets for ever, the page itself always fresh, and the page for every view's URL. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { serveStatic } from "@hono/node-server/serve-static";
import { Hono } from "hono";

/** No inline script, nothing from elsewhere: span content that got into the page could still not run. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

const IMMUTABLE = "public, max-age=31536000, immutable";
/** Folder in which the build puts files whose names hold their hash. */
const HASHED_PATH = "/assets/";

/** Serves the folder, at the root. Without an index.html in it, pages say how to build it. */
export function staticUi(uiDir: string | undefined): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    context.header("Content-Security-Policy", CONTENT_SECURITY_POLICY);
    context.header("X-Content-Type-Options", "nosniff");
    context.header("Referrer-Policy", "no-referrer");
    await next();
  });
  const index = uiDir === undefined ? undefined : join(uiDir, "index.html");
  if (uiDir === undefined || index === undefined || !existsSync(index)) {
    return app.get("*", (context) => context.text("The UI is not built: run npm run build.\n", 404));
  }
  const files = serveStatic({ root: uiDir, precompressed: true });
  app.get("*", (context, next) => {
    if (context.req.path === "/") return next();
    context.header("Cache-Control", context.req.path.startsWith(HASHED_PATH) ? IMMUTABLE : "no-cache");
    return files(context, next);
  });
  return app.get("*", (context) => {
    context.header("Cache-Control", "no-cache");
    return isFile(context.req.path) ? context.text("Not found\n", 404) : context.html(readFileSync(index, "utf8"));
  });
}

/** A view's URL has no file ending; a missing file must not be answered with the page. */
function isFile(path: string): boolean {
  return path.startsWith(HASHED_PATH) || /\.(?:js|css|map|svg|png|ico|json|txt|woff2?)$/.test(path);
}
