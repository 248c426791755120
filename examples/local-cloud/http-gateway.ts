import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { toHttpEvent, toHttpResponse } from "./http-event.ts";
import type { LambdaFunction } from "./lambda-function.ts";

/** A running HTTP API. */
export interface HttpGateway {
  /** For example `http://127.0.0.1:40123`. */
  readonly url: string;
  stop(): void;
}

/** Body of one request, as API Gateway limits it. */
const BODY_SIZE_BYTES_MAX = 10 * 1024 * 1024;

/** Serves functions over HTTP as an API Gateway HTTP API does; `routes` by method and path, as `POST /orders`. */
export async function startHttpGateway(
  routes: Readonly<Record<string, Pick<LambdaFunction, "invoke">>>,
  port = 0,
): Promise<HttpGateway> {
  async function answer(request: IncomingMessage): Promise<ReturnType<typeof toHttpResponse>> {
    const { method = "GET", url = "/", headers } = request;
    const routeKey = `${method} ${new URL(url, "http://localhost").pathname}`;
    const target = routes[routeKey];
    const json = { "content-type": "application/json" };
    if (target === undefined) return { status: 404, headers: json, body: Buffer.from('{"message":"Not Found"}') };
    const body = await readBody(request);
    if (body === undefined) {
      return { status: 413, headers: json, body: Buffer.from('{"message":"Request Entity Too Large"}') };
    }
    const sourceIp = request.socket.remoteAddress ?? "";
    const event = toHttpEvent({
      method,
      url,
      headers,
      body,
      sourceIp,
      routeKey,
      requestId: randomUUID(),
      timeMs: Date.now(),
    });
    return toHttpResponse(await target.invoke(event));
  }

  const server = createServer((request, response) => {
    answer(request)
      .then(({ status, headers, body }) => {
        for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
        response.writeHead(status).end(body);
      })
      .catch(() => response.writeHead(500).end('{"message":"Internal Server Error"}'));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Undefined where it is too large. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request) {
    sizeBytes += (chunk as Buffer).length;
    if (sizeBytes > BODY_SIZE_BYTES_MAX) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}
