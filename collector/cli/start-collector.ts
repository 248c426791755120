/** Puts the collector's parts together: address, store, receiver, app. */
import { fileURLToPath } from "node:url";
import { createApp } from "../http/app.ts";
import { corsFor } from "../http/cors.ts";
import { EventLoopDelay } from "../http/event-loop-delay.ts";
import { ingestAuth } from "../http/ingest-auth.ts";
import { otlpHandler, otlpStartingHandler } from "../http/otlp.ts";
import { serveApp, type FirstHandler } from "../http/serve.ts";
import { ingestMetrics } from "../ingest/ingest-metrics.ts";
import { openReceiver } from "../ingest/receive.ts";
import { exposition } from "../store/exposition.ts";
import type { Log } from "../store/log.ts";
import { openStore } from "../store/open-store.ts";
import type { Config } from "./config.ts";
import { addressOf } from "./reader-access.ts";
import { startAlerts, type StartAlertsOptions } from "./start-alerts.ts";
import { startGrpc } from "./start-grpc.ts";

const bytesPerMb = 1024 * 1024;
/** The UI as `npm run build` leaves it. */
const builtUiDir = fileURLToPath(new URL("../../ui/dist", import.meta.url));
/** What loading is given when the collector ends; the rest is loaded after the next start. Milliseconds. */
const drainMs = 300;
/** What a client that comes before the store is open is asked to wait, seconds. */
const retryAfterS = 1;

/** A collector that takes requests. */
export interface Collector {
  /** Where the UI is, for a browser on this machine. */
  readonly url: string;
  /** Where functions on this machine send to: the address itself, as `localhost` may be another's in IPv6. */
  readonly endpoint: string;
  /** The same for OTLP/gRPC; undefined where it is off. */
  readonly grpcEndpoint: string | undefined;
  /** Stops taking requests, makes what was acknowledged durable in the store where there is time, ends the store. */
  close(): Promise<void>;
}

/**
 * Starts the collector; resolves when it takes requests. The address is taken before the store is opened, so that
 * a second start fails at once.
 *
 * @throws ListenError, StoreStartError: each with one line that says what to do
 */
export async function startCollector(
  config: Config,
  log: Log,
  { alertPack = "serverless" }: { readonly alertPack?: StartAlertsOptions["pack"] } = {},
): Promise<Collector> {
  let app: { fetch(...args: Parameters<ReturnType<typeof createApp>["fetch"]>): Response | Promise<Response> } = starting;
  const cors = corsFor(config.corsOrigins);
  let otlp: FirstHandler = otlpStartingHandler(retryAfterS, cors);
  const fetch: typeof app.fetch = (...args) => app.fetch(...args);
  let grpcPort: number | undefined;
  const serving = await serveApp(
    { fetch },
    { ...config, log, grpc: () => (grpcPort === undefined ? "no port of this collector" : `port ${String(grpcPort)}`) },
    (...args) => otlp(...args),
  );
  const started: (() => Promise<void>)[] = [];
  const doors = [() => serving.close()];
  // Nothing comes in any more before what is behind it goes.
  const close = async () => {
    await Promise.all(doors.map((end) => end()));
    for (const end of started.toReversed()) await end();
  };
  try {
    const opened = await openStore({
      ...config,
      log,
      memoryLimitBytes: config.storeMemoryMb === undefined ? undefined : config.storeMemoryMb * bytesPerMb,
    });
    started.push(() => opened.close());
    const { store } = opened;
    const { dataDir, retentionDays } = config;
    const receiver = await openReceiver({ store, dataDir, retentionDays, log });
    started.push(() => receiver.close(drainMs));
    const alerts = await startAlerts({ store, config, log, url: serving.url, pack: alertPack });
    started.push(() => alerts.close());
    const delay = new EventLoopDelay();
    started.push(async () => delay.close());
    const authorize = ingestAuth({ tokens: config.ingestTokens ?? [], spansPerS: config.ingestSpansPerS });
    const grpc = await startGrpc(receiver, config, log, { authorize, httpPort: serving.port });
    if (grpc) doors.push(() => grpc.close());
    grpcPort = grpc?.port;
    otlp = otlpHandler(receiver, { authorize, cors });
    app = createApp({
      store,
      log,
      alerts: alerts.routes,
      metrics: [() => exposition([delay.family()]), () => ingestMetrics(receiver), alerts.metrics],
      uiDir: builtUiDir,
      password: config.uiPassword,
    });
    const at = (port: number) => addressOf(config.host, port);
    return { url: serving.url, endpoint: at(serving.port), grpcEndpoint: grpc && at(grpc.port), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What is answered before the store is open. The process lives already, so that nobody ends it for being slow. */
const starting = {
  fetch: ({ url }: Request) =>
    new URL(url).pathname === "/healthz"
      ? new Response("ok\n")
      : new Response("starting\n", { status: 503, headers: { "retry-after": String(retryAfterS) } }),
};
