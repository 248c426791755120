/**
 * OTLP/gRPC: the TraceService, for senders that speak nothing else.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlpgrpc
 */
import type { sendUnaryData, Server, ServerUnaryCall } from "@grpc/grpc-js";
import { OtlpError } from "../ingest/errors.ts";
import { requestSizeMaxBytes } from "../ingest/limits.ts";
import { exportResponse, statusBody } from "../ingest/otlp-answer.ts";
import type { Receiver } from "../ingest/receive.ts";
import type { Authorize } from "./ingest-auth.ts";

type Grpc = typeof import("@grpc/grpc-js");

const SERVICE = "opentelemetry.proto.collector.trace.v1.TraceService";
/** What calls under way are given to end by themselves when the server closes, ms. */
const closeGraceMs = 1_000;

export interface OtlpGrpcOptions {
  /** For example `127.0.0.1`. */
  readonly host: string;
  /** 4317 by convention; 0 takes a free one. */
  readonly port: number;
  /** Who may send, by the call's metadata; absent lets everyone in. */
  readonly authorize?: Authorize | undefined;
}

export interface OtlpGrpcServing {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Listens for OTLP/gRPC.
 *
 * @throws Error where the address cannot be listened on
 */
export async function serveOtlpGrpc(receiver: Receiver, options: OtlpGrpcOptions): Promise<OtlpGrpcServing> {
  // Loaded only where it is used: it takes as long to load as the rest of the collector.
  const grpc = await import("@grpc/grpc-js");
  // What fails is thrown or answered; its own lines on stderr would say it twice.
  grpc.setLogVerbosity(grpc.logVerbosity.NONE);
  const server = new grpc.Server({
    "grpc.max_receive_message_length": requestSizeMaxBytes,
    "grpc.so_reuseport": 0,
  });
  const bytes = (value: Buffer) => value;
  server.addService(
    {
      Export: {
        path: `/${SERVICE}/Export`,
        requestStream: false,
        responseStream: false,
        requestSerialize: bytes,
        requestDeserialize: bytes,
        responseSerialize: bytes,
        responseDeserialize: bytes,
      },
    },
    {
      Export: (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => {
        void exportTraces(grpc, receiver, options, call, answer);
      },
    },
  );
  const address = `${options.host.includes(":") ? `[${options.host}]` : options.host}:${String(options.port)}`;
  const port = await new Promise<number>((settle, fail) => {
    server.bindAsync(address, grpc.ServerCredentials.createInsecure(), (error, bound) => {
      if (error) fail(error);
      else settle(bound);
    });
  });
  return { port, close: () => closeServer(server) };
}

async function exportTraces(
  grpc: Grpc,
  receiver: Receiver,
  { authorize }: OtlpGrpcOptions,
  call: ServerUnaryCall<Buffer, Buffer>,
  answer: sendUnaryData<Buffer>,
): Promise<void> {
  const held = receiver.hold();
  try {
    const grant = authorize?.((name) => call.metadata.get(name)[0]?.toString());
    held.add(call.request.length);
    const received = await receiver.receiveTraces(call.request, "protobuf");
    grant?.spend(received.accepted);
    answer(null, Buffer.from(exportResponse(received, "protobuf")));
  } catch (error) {
    const refusal = error instanceof OtlpError ? error : undefined;
    receiver.countRefused(refusal?.reason ?? "internal");
    const metadata = new grpc.Metadata();
    // A fault of ours may be gone by the next try, and UNAVAILABLE is what clients try again.
    const code = refusal?.rpcCode ?? grpc.status.UNAVAILABLE;
    const message = error instanceof Error ? error.message : String(error);
    if (refusal) metadata.set("grpc-status-details-bin", Buffer.from(statusBody(refusal, "protobuf")));
    answer({ code, message, details: message, name: "Error", metadata });
  } finally {
    held.release();
  }
}

async function closeServer(server: Server): Promise<void> {
  const forced = setTimeout(() => server.forceShutdown(), closeGraceMs);
  await new Promise<void>((settle) => server.tryShutdown(() => settle()));
  clearTimeout(forced);
}
