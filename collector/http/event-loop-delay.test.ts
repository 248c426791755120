import { expect, it, onTestFinished, vi } from "vitest";
import { readExposition } from "../../test/support/exposition.ts";
import { exposition } from "../store/exposition.ts";
import { EventLoopDelay } from "./event-loop-delay.ts";

/** Longer than any pause of a test's machine that nobody made. */
const blockedS = 0.2;

it("shows for how long nothing was answered, as a summary", async () => {
  const delay = new EventLoopDelay();
  onTestFinished(() => delay.close());
  const read = () => readExposition(exposition([delay.family()]));
  // What held up the loop in one try is seen in the next.
  await vi.waitFor(() => {
    const longestS = read().get('hopscope_event_loop_delay_seconds{quantile="1"}') ?? 0;
    const until = performance.now() + blockedS * 1000;
    while (performance.now() < until);
    expect(longestS).toBeGreaterThan(blockedS / 2);
  });
  expect([...read().keys()]).toHaveLength(3);
});
