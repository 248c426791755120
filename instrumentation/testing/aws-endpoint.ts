import http from "node:http";
import type { AddressInfo } from "node:net";

/** A request as an AWS service would get it. */
export interface AwsRequest {
  /** Of JSON services, for example `PutEvents`; else method and path. */
  operation: string;
  headers: http.IncomingHttpHeaders;
  path: string;
  body: string;
}

/** What it answers. */
export interface AwsAnswer {
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
}

/** An endpoint for real SDK clients that answers what the service's documentation says it does. */
export async function startAwsEndpoint(answer: (request: AwsRequest) => AwsAnswer) {
  const requests: AwsRequest[] = [];
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const target = request.headers["x-amz-target"];
      const path = (request.url ?? "").split("?")[0] ?? "";
      const received: AwsRequest = {
        operation: typeof target === "string" ? (target.split(".")[1] ?? "") : `${request.method} ${path}`,
        headers: request.headers,
        path,
        body: Buffer.concat(chunks).toString(),
      };
      requests.push(received);
      const { status = 200, headers = {}, body = {} } = answer(received);
      response.writeHead(status, { "x-amzn-requestid": "8476a536-e9f4-11e8-9739-2dfe598c3fcd", ...headers });
      response.end(typeof body === "string" ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    requests,
    options: {
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: "us-east-1",
      credentials: { accessKeyId: "local", secretAccessKey: "local" },
      maxAttempts: 1,
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
