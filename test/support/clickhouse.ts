/**
 * One ClickHouse for a whole test run: vitest calls the default export once (globalSetup).
 *
 * The server starts when the first test asks for it, so a run of pure tests does not pay for it: what is
 * `provide()`d is the address of a broker that starts it and answers with its URL.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { startEmbedded, type EmbeddedServer } from "../../collector/store/embedded.ts";
import { silentLog } from "../../collector/store/log.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Answers a GET with the {@link Endpoint} of the run's ClickHouse as JSON. */
    clickhouseBroker: string;
  }
}

export default async function provideClickhouse(project: TestProject): Promise<() => Promise<void>> {
  let started: Promise<EmbeddedServer> | undefined;
  const dataDir = mkdtempSync(join(tmpdir(), "hopscope-test-"));
  const broker = createServer((_request, response) => {
    started ??= startEmbedded({ dataDir, log: silentLog, memoryLimitBytes: 4 * 1024 ** 3 });
    started.then(
      (server) => response.end(JSON.stringify(server.endpoint())),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((settle) => broker.listen(0, "127.0.0.1", settle));
  const address = broker.address();
  if (address === null || typeof address === "string") throw new Error("the broker has no port");
  project.provide("clickhouseBroker", `http://127.0.0.1:${String(address.port)}`);
  return async () => {
    broker.close();
    const server = await started?.catch(() => undefined);
    await server?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
}
