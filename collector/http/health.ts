/** Whether the collector lives, and whether it can answer. */
import { Hono } from "hono";
import type { Store } from "../store/store.ts";

/** A store that takes longer is not ready, seconds: probes of Kubernetes wait for one by default. */
const readyTimeoutS = 1;

/** `/healthz` (the process answers) and `/readyz` (the store does). */
export function healthRoutes(store: Store): Hono {
  const app = new Hono();
  app.get("/healthz", (context) => context.text("ok\n"));
  app.get("/readyz", async (context) => {
    try {
      // The bound is the server's to keep: one that hangs keeps none.
      const signal = AbortSignal.timeout(readyTimeoutS * 1000);
      await store.query("SELECT 1", {}, { bounds: { timeS: readyTimeoutS }, signal });
      return context.text("ok\n");
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return context.text(`the store does not answer: ${message}\n`, 503);
    }
  });
  return app;
}
