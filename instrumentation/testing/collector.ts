import http from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { gunzipSync } from "node:zlib";
import { decodeTraces, type ReceivedSpan } from "./otlp-decoder.ts";

/** How the collector answers: a status, `hang` never, `slow` after a while. */
export interface Answer {
  status?: number;
  headers?: Record<string, string>;
  delayMs?: number;
  hang?: boolean;
}

/** An OTLP/HTTP endpoint on a free port that keeps what it gets. */
export interface TestCollector {
  readonly url: string;
  readonly spans: ReceivedSpan[];
  readonly requests: { headers: http.IncomingHttpHeaders; body: Buffer }[];
  /** Bodies posted to /v1/metrics. */
  readonly metrics: Buffer[];
  answer: Answer;
  /** Resolves when `found` is true of the spans received so far; rejects after ten seconds. */
  waitFor(found: (spans: ReceivedSpan[]) => boolean): Promise<ReceivedSpan[]>;
  /** Closes every connection, as a load balancer does with idle ones. */
  dropConnections(): void;
  close(): Promise<void>;
}

const WAIT_MAX_MS = 10_000;

/** Starts a {@link TestCollector}. */
export async function startCollector(): Promise<TestCollector> {
  const spans: ReceivedSpan[] = [];
  const requests: TestCollector["requests"] = [];
  const waiters = new Set<() => void>();
  const sockets = new Set<Socket>();
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const raw = Buffer.concat(chunks);
      const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(raw) : raw;
      const { status = 200, headers = {}, delayMs = 0, hang } = collector.answer;
      if (request.url === "/v1/metrics") {
        collector.metrics.push(body);
        response.writeHead(status).end();
        return;
      }
      requests.push({ headers: request.headers, body });
      if (status === 200 && !hang) spans.push(...decodeTraces(body));
      for (const check of waiters) check();
      if (!hang) setTimeout(() => response.writeHead(status, headers).end(), delayMs);
    });
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const collector: TestCollector = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    requests,
    metrics: [],
    answer: {},
    waitFor: (found) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiters.delete(check);
          reject(new Error(`not received; there are: ${spans.map((span) => span.name).join(", ") || "none"}`));
        }, WAIT_MAX_MS);
        const check = (): void => {
          if (!found(spans)) return;
          clearTimeout(timer);
          waiters.delete(check);
          resolve(spans);
        };
        waiters.add(check);
        check();
      }),
    dropConnections: () => {
      for (const socket of sockets) socket.destroy();
    },
    close: async () => {
      collector.dropConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return collector;
}
