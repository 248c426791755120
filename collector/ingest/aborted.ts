/** Resolves once the signal aborts. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((settle) => signal.addEventListener("abort", settle, { once: true }));
}
