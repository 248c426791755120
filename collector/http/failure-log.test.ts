import { expect, it, vi } from "vitest";
import { silentLog } from "../store/log.ts";
import type { Store } from "../store/store.ts";
import { createApp } from "./app.ts";

/** The member of a store that reads, failing as by a defect of the collector. */
const store = { query: () => Promise.reject(new TypeError("no such member")) } as Partial<Store> as Store;

it.for(["/api/functions", "/api/services", "/api/v3/services"])(
  "%s: a failure of the collector's own is in its log, and its text not in the answer",
  async (path) => {
    const error = vi.fn();
    const response = await createApp({ store, log: { ...silentLog, error } }).request(path);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("no such member");
    const facts = { method: "GET", path, error: expect.objectContaining({ message: "no such member" }) as Error };
    expect(error.mock.calls).toEqual([[facts, "a request failed"]]);
  },
);

it("a request that is at fault itself is not in the log", async () => {
  const error = vi.fn();
  const response = await createApp({ store, log: { ...silentLog, error } }).request("/api/functions?from=now");
  expect(response.status).toBe(400);
  expect(error).not.toHaveBeenCalled();
});
