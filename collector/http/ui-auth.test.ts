import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { uiAuth } from "./ui-auth.ts";

const password = "a password: with ümlauts";
const app = new Hono().use(uiAuth(password)).get("*", (context) => context.text("here"));
const basic = (pair: string) => `Basic ${Buffer.from(pair).toString("base64")}`;
const get = async (path: string, authorization?: string) =>
  app.request(path, { headers: authorization === undefined ? {} : { authorization } });

describe("the password of the UI", () => {
  it.for([`anyone:${password}`, `:${password}`])("lets %s in", async (pair) => {
    expect((await get("/api/flows", basic(pair))).status).toBe(200);
  });

  it.for([
    undefined,
    "",
    "Basic",
    "Basic !",
    `Bearer ${password}`,
    basic(""),
    basic("anyone:"),
    basic("anyone:another password"),
    basic(`${password}:anyone`),
  ])("refuses %s, and says how to ask", async (authorization) => {
    for (const path of ["/", "/api/flows", "/metrics", "/healthz/x"]) {
      const answer = await get(path, authorization);
      expect(answer.status).toBe(401);
      expect(answer.headers.get("www-authenticate")).toMatch(/^Basic realm=/);
      expect(await answer.json()).toMatchObject({ error: { code: "unauthorized" } });
    }
  });

  it("is not asked for by what asks whether the collector lives", async () => {
    for (const path of ["/healthz", "/readyz"]) expect((await get(path)).status).toBe(200);
  });
});
