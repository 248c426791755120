import { mkdtemp, rm } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ingestAuth, type Authorize } from "../../collector/http/ingest-auth.ts";
import { otlpHandler } from "../../collector/http/otlp.ts";
import { serveApp, type Serving } from "../../collector/http/serve.ts";
import { openReceiver, type Receiver } from "../../collector/ingest/receive.ts";
import { silentLog } from "../../collector/store/log.ts";
import { decodeOtlp, type OtlpJson } from "../support/otlp-proto.ts";
import { createTestStore, type TestStore } from "../support/test-store.ts";
import { conformancePage } from "./conformance-page.ts";
import { conformanceCases, ingestToken, request, span, type ConformanceCase, type Door } from "./conformance.cases.ts";

/** Nothing but OTLP is served here. */
const noApp = { fetch: () => new Response(null, { status: 404 }) };

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

let db: TestStore;
let dataDir: string;
let receiver: Receiver;
const doors: Partial<Record<Door, Serving>> = {};
beforeAll(async () => {
  db = await createTestStore();
  dataDir = await mkdtemp(join(tmpdir(), "hopscope-otlp-"));
  receiver = await openReceiver({ store: db.store, dataDir, retentionDays: 30, log: silentLog });
  const usedUp = ingestAuth({ tokens: [], spansPerS: 1 });
  usedUp?.(() => undefined).spend(1_000);
  const open = (authorize?: Authorize) =>
    serveApp(noApp, { host: "127.0.0.1", port: 0 }, otlpHandler(receiver, { authorize }));
  doors.open = await open();
  doors.tokens = await open(ingestAuth({ tokens: ["another-token-1234", ingestToken] }));
  doors.rate = await open(usedUp);
});
afterAll(async () => {
  for (const serving of Object.values(doors)) await serving.close();
  await receiver.close();
  await rm(dataDir, { recursive: true, force: true });
  await db.close();
});

/** Sends exactly these headers and bytes; a server may answer, and hang up, before it has read all of them. */
async function send(conformance: ConformanceCase): Promise<Answer> {
  const { door = "open", method = "POST", path = "/v1/traces", headers = {}, body } = conformance;
  const port = doors[door]?.port;
  return new Promise((settle, fail) => {
    const sending = httpRequest({ host: "127.0.0.1", port, method, path, headers, agent: false });
    let answered = false;
    sending.on("response", (response) => {
      answered = true;
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        settle({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    sending.on("error", (error) => {
      if (!answered) fail(error);
    });
    sending.end(body?.());
  });
}

function decoded({ status, headers, body }: Answer, path = ""): OtlpJson {
  if (headers["content-type"] === "application/json") return JSON.parse(body.toString()) as OtlpJson;
  const signal = path === "/v1/metrics" ? "Metrics" : "Trace";
  return decodeOtlp(status === 200 ? `Export${signal}ServiceResponse` : "RpcStatus", body);
}

/** Regular expressions stand for texts that match them. */
function matcher(value: unknown): unknown {
  if (value instanceof RegExp) return expect.stringMatching(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(matcher);
  const members = Object.entries(value).map(([name, inner]) => [name, matcher(inner)] as const);
  return expect.objectContaining(Object.fromEntries(members));
}

describe("OTLP/HTTP", () => {
  it.for(conformanceCases)("$promise", async (conformance) => {
    const before = receiver.stats().spans;
    const answer = await send(conformance);
    expect(answer.status).toBe(conformance.status);
    if (conformance.type !== undefined) expect(answer.headers["content-type"]).toBe(conformance.type);
    if (conformance.answer) {
      const message = decoded(answer, conformance.path);
      expect(message).toEqual(matcher(conformance.answer));
      if (Object.keys(conformance.answer).length === 0) expect(message).toEqual({});
    }
    expect(answer.headers).toEqual(matcher(conformance.responseHeaders ?? {}));
    expect(receiver.stats().spans - before).toBe(conformance.spans ?? 0);
  });

  it("answers 503 with Retry-After, in whole seconds, while there is no room", async () => {
    const full = await openReceiver({
      store: db.store,
      dataDir: join(dataDir, "full"),
      retentionDays: 30,
      log: silentLog,
      limits: { diskFreeMinBytes: Number.MAX_SAFE_INTEGER },
    });
    const fullServing = await serveApp(noApp, { host: "127.0.0.1", port: 0 }, otlpHandler(full));
    const response = await fetch(`http://127.0.0.1:${String(fullServing.port)}/v1/traces`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request(span())),
    });
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(await response.json()).toMatchObject({ code: 14, message: "the disk is full" });
    await fullServing.close();
    await full.close();
  });
});

it("docs/otlp-conformance.md says what is tested here (npx vitest -u writes it)", async () => {
  await expect(conformancePage()).toMatchFileSnapshot("../../docs/otlp-conformance.md");
});
