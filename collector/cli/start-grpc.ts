/** OTLP/gRPC beside OTLP/HTTP, for senders that speak nothing else. */
import { serveOtlpGrpc, type OtlpGrpcServing } from "../http/otlp-grpc.ts";
import { ListenError } from "../http/serve.ts";
import type { Receiver } from "../ingest/receive.ts";
import type { Log } from "../store/log.ts";
import type { Config } from "./config.ts";

/** The port that OTLP gives to gRPC. */
const grpcPortDefault = 4317;

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
): Promise<OtlpGrpcServing | undefined> {
  if (grpcPort === "off") return undefined;
  const port = grpcPort ?? grpcPortDefault;
  try {
    return await serveOtlpGrpc(receiver, { host, port });
  } catch (error) {
    const advice = "choose another port with HOPSCOPE_GRPC_PORT, or set it to off.";
    const message = `Port ${String(port)} on ${host} cannot be listened on for OTLP/gRPC: ${advice}`;
    if (grpcPort !== undefined) throw new ListenError("port-in-use", message, error);
    log.warn({ port }, `OTLP/gRPC is off. ${message}`);
    return undefined;
  }
}
