/** The collector's one HTTP app: OTLP in, the query API, health, metrics and the UI. */
import { Hono } from "hono";
import type { Store } from "../store/store.ts";

export interface AppOptions {
  readonly store: Store;
  /** The OTLP routes (`otlpRoutes(receiver)`), served at the root; absent in a collector that only reads. */
  readonly otlp?: Hono;
  /** Folder of the built UI, absolute; absent, or without an index.html, the root says how to build it. */
  readonly uiDir?: string;
  /** Lines that the parts of the collector add to `/metrics`, in the Prometheus text format. */
  readonly metrics?: readonly (() => string)[];
}

/** Composes the app; nothing listens yet (see serve.ts). */
export function createApp({ otlp }: AppOptions): Hono {
  const app = new Hono();
  if (otlp) app.route("/", otlp);
  app.get("/healthz", (context) => context.text("ok\n"));
  return app;
}
