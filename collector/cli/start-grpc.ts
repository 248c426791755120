/** OTLP/gRPC beside OTLP/HTTP, for senders that speak nothing else. */
import { serveOtlpGrpc, type OtlpGrpcServing } from "../http/otlp-grpc.ts";
import type { Authorize } from "../http/ingest-auth.ts";
import { listenError } from "../http/serve.ts";
import type { Receiver } from "../ingest/receive.ts";
import type { Log } from "../store/log.ts";
import type { Config } from "./config.ts";

/** The port that OTLP gives to gRPC. */
const grpcPortDefault = 4317;
const PORT_SETTING = "HOPSCOPE_GRPC_PORT";

/**
 * Listens for OTLP/gRPC; undefined where it is off, or where nobody asked for it and the usual port is taken: another
 * collector on the machine has it then, and HTTP takes the same spans.
 *
 * @throws ListenError where the port that was asked for cannot be listened on
 */
export async function startGrpc(
  receiver: Receiver,
  { host, grpcPort }: Pick<Config, "host" | "grpcPort">,
  log: Log,
  { authorize, httpPort }: { readonly authorize?: Authorize | undefined; readonly httpPort: number },
): Promise<OtlpGrpcServing | undefined> {
  if (grpcPort === "off") return undefined;
  const port = grpcPort ?? grpcPortDefault;
  try {
    return await serveOtlpGrpc(receiver, { host, port, authorize, log, http: `port ${String(httpPort)}` });
  } catch (error) {
    const reason = listenError(error instanceof Error ? error : new Error(String(error)), { host, port }, PORT_SETTING);
    if (grpcPort !== undefined || reason.code !== "port-in-use") throw reason;
    log.warn({ port }, `OTLP/gRPC is off. ${reason.message}`);
    return undefined;
  }
}
