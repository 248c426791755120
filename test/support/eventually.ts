import { vi } from "vitest";

/** How long a condition may take unless a test says otherwise: retries and queue waits of the example included. */
const timeoutDefaultMs = 20_000;
const intervalMs = 50;

/**
 * Runs `check` until it does not throw, and resolves to what it returned.
 *
 * @throws what `check` threw last, where it still throws after `timeoutMs`
 */
export async function eventually<T>(check: () => T | Promise<T>, timeoutMs: number = timeoutDefaultMs): Promise<T> {
  return vi.waitFor(check, { timeout: timeoutMs, interval: intervalMs });
}
