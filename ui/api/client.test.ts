import { afterEach, describe, expect, it, vi } from "vitest";
import { fetchFlows, fetchOutline } from "./client.ts";

const answer = (body: BodyInit, init?: ResponseInit): void => {
  vi.stubGlobal(
    "fetch",
    vi.fn(async () => new Response(body, init)),
  );
};
afterEach(() => vi.unstubAllGlobals());

describe("the API client", () => {
  it("asks for what is set and nothing else", async () => {
    answer('{"flows":[]}');
    await fetchFlows({ service: "a b", status: undefined });
    expect(vi.mocked(fetch).mock.calls[0]?.[0]).toBe("/api/flows?service=a+b");
  });

  it("hands on the API's own words", async () => {
    answer('{"error":{"code":"not-found","message":"no such flow"}}', { status: 404 });
    await expect(fetchOutline("00", "aligned")).rejects.toMatchObject({ code: "not-found", message: "no such flow" });
  });

  it.for([
    ["a proxy that finds nobody", "<h1>Bad gateway</h1>", 502, "unreachable"],
    ["an answer that is not JSON", "oops", 500, "internal"],
    ["an answer without a reason", "{}", 500, "internal"],
  ] as const)("stays calm about %s", async ([, body, status, code]) => {
    answer(body, { status });
    await expect(fetchOutline("00", "aligned")).rejects.toMatchObject({ code });
  });

  it("says so when nothing answers", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("failed to fetch")));
    await expect(fetchOutline("00", "aligned")).rejects.toMatchObject({ code: "unreachable" });
  });
});
