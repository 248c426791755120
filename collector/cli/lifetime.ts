/** How the command ends: by Ctrl-C or SIGTERM, within a budget, leaving nothing behind. */

/** One Ctrl-C may arrive twice: from the terminal, and handed on by npm and the scripts. Milliseconds. */
const samePressMs = 400;
const endSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Waits for a signal, then closes and exits: 0 when all ended in time. A second signal exits at once.
 *
 * @param close ends what was started; called once
 * @param shutdownMs from the first signal to an exit that waits for nothing more, milliseconds
 */
export async function closeOnSignal(close: () => Promise<void>, shutdownMs: number): Promise<void> {
  await firstSignal();
  const overdue = setTimeout(() => {
    process.stderr.write("hopscope: not everything ended in time; nothing acknowledged is lost.\n");
    process.exit(1);
  }, shutdownMs);
  await close();
  clearTimeout(overdue);
  process.exit(0);
}

function firstSignal(): Promise<void> {
  let firstAtMs: number | undefined;
  return new Promise((settle) => {
    for (const signal of endSignals) {
      process.on(signal, () => {
        if (firstAtMs !== undefined && performance.now() - firstAtMs > samePressMs) process.exit(1);
        firstAtMs ??= performance.now();
        settle();
      });
    }
  });
}
