/** A ClickHouse of one's own behind TLS whose certificate no public authority signed, as inside of a company. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { startCli, temporaryDir } from "../support/cli.ts";
import { createTestStore, type TestStore } from "../support/test-store.ts";

/** Part of nearly every system; where it is missing there is no certificate to try this with. */
const OPENSSL = "openssl";

let db: TestStore;
beforeAll(async () => {
  db = await createTestStore();
});
afterAll(() => db.close());

/** A certificate for localhost that signs itself; undefined where none can be made. */
function makeCertificate(): { readonly key: string; readonly cert: string } | undefined {
  const dir = temporaryDir();
  const [key, cert] = [join(dir, "key.pem"), join(dir, "cert.pem")];
  const made = spawnSync(OPENSSL, [
    ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2"],
    ...["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
  ]);
  return made.status === 0 ? { key, cert } : undefined;
}

it("is used where NODE_EXTRA_CA_CERTS names its certificate, which is what the start asks for", { timeout: 90_000 }, async ({
  skip,
  onTestFinished,
}) => {
  const files = makeCertificate();
  if (files === undefined) return skip("no openssl");
  const target = new URL(db.clickhouseUrl);
  const server = createServer({ key: readFileSync(files.key), cert: readFileSync(files.cert) }, (request, response) => {
    const { method, headers, url: path } = request;
    const asked = httpRequest({ host: target.hostname, port: target.port, path, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    request.pipe(asked);
  });
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = new URL(db.clickhouseUrl);
  url.protocol = "https:";
  url.host = `localhost:${String((server.address() as AddressInfo).port)}`;
  const settings = {
    HOPSCOPE_DATA_DIR: temporaryDir(),
    HOPSCOPE_CLICKHOUSE_URL: url.href,
    HOPSCOPE_CLICKHOUSE_DATABASE: db.database,
  };
  const unknown = startCli(["start"], settings);
  expect(await unknown.exitCode).toBe(1);
  expect(unknown.stderr()).toMatch(/self-signed certificate: .*NODE_EXTRA_CA_CERTS/);

  const known = startCli(["start"], { ...settings, NODE_EXTRA_CA_CERTS: files.cert });
  const at = await known.ready();
  const now = BigInt(Date.now()) * 1_000_000n;
  const times = { startTimeUnixNano: String(now), endTimeUnixNano: String(now + 1n) };
  const span = { traceId: "c".repeat(32), spanId: "d".repeat(16), name: "over TLS", kind: 2, ...times };
  const sent = await fetch(`${at}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }),
  });
  expect(sent.status).toBe(200);
  await vi.waitFor(async () => expect(await (await fetch(`${at}/api/flows`)).text()).toContain("over TLS"), {
    timeout: 20_000,
    interval: 100,
  });
});
