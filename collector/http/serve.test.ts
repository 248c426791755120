import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Hono } from "hono";
import { expect, it } from "vitest";
import { ListenError, serveApp } from "./serve.ts";

const app = new Hono().get("/", (context) => context.text("here"));

it("serves on a free port and says which", async () => {
  const serving = await serveApp(app, { host: "127.0.0.1", port: 0 });
  const response = await fetch(`http://127.0.0.1:${String(serving.port)}/`);
  expect(await response.text()).toBe("here");
  expect(serving.url).toBe(`http://localhost:${String(serving.port)}`);
  await serving.close();
});

it("says what to do where the port is taken", async () => {
  const other = createServer();
  await new Promise<void>((settle) => other.listen(0, "127.0.0.1", settle));
  const { port } = other.address() as AddressInfo;
  const error = await serveApp(app, { host: "127.0.0.1", port }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ListenError);
  expect(error).toMatchObject({ code: "port-in-use", message: expect.stringContaining("HOPSCOPE_PORT") });
  other.close();
});

it("closes though a request never ends", async () => {
  const stuck = new Hono().get("/", () => new Promise<Response>(() => undefined));
  const serving = await serveApp(stuck, { host: "127.0.0.1", port: 0 });
  const answer = fetch(`http://127.0.0.1:${String(serving.port)}/`);
  const failed = expect(answer).rejects.toThrow();
  await new Promise((settle) => serving.server.once("request", settle));
  await serving.close();
  await failed;
});

it("takes ten filters of 2,000 characters of any script", async () => {
  const serving = await serveApp(app, { host: "127.0.0.1", port: 0 });
  const filters = Array.from({ length: 10 }, () => `attribute=key%3D${encodeURIComponent("注".repeat(1_996))}`);
  const response = await fetch(`http://127.0.0.1:${String(serving.port)}/?${filters.join("&")}`);
  expect(response.status).toBe(200);
  await serving.close();
});
