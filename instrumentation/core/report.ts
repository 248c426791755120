const reported = new Set<string>();
/** Different messages that one process prints at most. */
const MESSAGES_MAX = 50;

/**
 * Prints one line of advice on standard error, each text once per process.
 * The wrapper never throws into a function, so this is how it says that something is wrong.
 */
export function report(message: string): void {
  if (reported.has(message) || reported.size >= MESSAGES_MAX) return;
  reported.add(message);
  try {
    console.warn(`hopscope: ${message}`);
  } catch {
    // A console that throws is the user's; there is nowhere else to say it.
  }
}

/** Runs `action`; reports instead of throwing, and then returns `fallback`, or undefined where there is none. */
export function guarded<T>(what: string, action: () => T, fallback: T): T;
export function guarded<T>(what: string, action: () => T): T | undefined;
export function guarded<T>(what: string, action: () => T, fallback?: T): T | undefined {
  try {
    return action();
  } catch (error) {
    report(`${what} failed: ${describeError(error)}`);
    return fallback;
  }
}

/** A short text for any thrown value, hostile ones included. */
export function describeError(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  } catch {
    return "an error that cannot be printed";
  }
}
