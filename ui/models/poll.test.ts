import { createModel, signal } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../api/client.ts";
import { Poll } from "./poll.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A subject loaded once a second; every load is counted and takes the next of `answers`. */
function polled(answers: (string | ApiError)[]) {
  const subject = signal("a");
  let loads = 0;
  const poll = new Poll<string>({
    load: async () => {
      const next = answers[Math.min(loads, answers.length - 1)] ?? subject.value;
      loads += 1;
      void subject.value;
      if (next instanceof ApiError) throw next;
      return next;
    },
    everyMs: () => 1000,
  });
  return { poll, subject, loads: () => loads };
}

describe("what is polled", () => {
  it("keeps the last answer beside the error, and recovers by itself", async () => {
    const { poll } = polled(["one", new ApiError("unreachable", "gone"), "two"]);
    await vi.advanceTimersByTimeAsync(0);
    expect(poll.answer.peek()).toBe("one");
    await vi.advanceTimersByTimeAsync(1000);
    expect([poll.answer.peek(), poll.error.peek()?.message]).toEqual(["one", "gone"]);
    await vi.advanceTimersByTimeAsync(1000);
    expect([poll.answer.peek(), poll.error.peek()]).toEqual(["two", undefined]);
    poll[Symbol.dispose]();
  });

  it("is loaded again at once when its subject changes, and once a second otherwise", async () => {
    const { poll, subject, loads } = polled(["x"]);
    await vi.advanceTimersByTimeAsync(3000);
    expect(loads()).toBe(4);
    subject.value = "b";
    await vi.advanceTimersByTimeAsync(0);
    expect(loads()).toBe(5);
    poll[Symbol.dispose]();
  });

  it("is left alone once its page is left", async () => {
    const Page = createModel(() => polled(["x"]));
    const page = new Page();
    await vi.advanceTimersByTimeAsync(1000);
    page[Symbol.dispose]();
    const before = page.loads();
    page.subject.value = "b";
    document.dispatchEvent(new Event("visibilitychange"));
    await vi.advanceTimersByTimeAsync(5000);
    expect(page.loads()).toBe(before);
  });
});
