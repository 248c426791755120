/** Whether the collector lives, and whether it can answer. */
import { Hono } from "hono";
import type { Store } from "../store/store.ts";

/** A store that takes longer is not ready, seconds. */
const readyTimeoutS = 2;

/** `/healthz` (the process answers) and `/readyz` (the store does). */
export function healthRoutes(store: Store): Hono {
  const app = new Hono();
  app.get("/healthz", (context) => context.text("ok\n"));
  app.get("/readyz", async (context) => {
    try {
      await store.query("SELECT 1", {}, { bounds: { timeS: readyTimeoutS } });
      return context.text("ok\n");
    } catch (error) {
      return context.text(
        `the store does not answer: ${error instanceof Error ? error.message : String(error)}\n`,
        503,
      );
    }
  });
  return app;
}
