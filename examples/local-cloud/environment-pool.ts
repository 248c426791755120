import { startEnvironment, type EnvironmentOptions, type ExecutionEnvironment } from "./execution-environment.ts";
import type { InvocationOutcome } from "./runtime-api.ts";

/** How a pool starts and ends environments. */
export interface PoolOptions {
  readonly environment: Omit<EnvironmentOptions, "onIdle" | "onExit">;
  /** Environments at once; invocations beyond wait. */
  readonly concurrencyMax: number;
  /** An environment idle for this long is ended. */
  readonly idleLimitMs: number;
  /** An environment this old is ended after its invocation. */
  readonly ageLimitMs: number;
}

/** An environment lent to one invocation; it is free again when its process asks for the next one. */
export interface Lease {
  readonly environment: ExecutionEnvironment;
  /** Whether this is its first invocation. */
  readonly coldStart: boolean;
  /** Says that the invocation has its outcome: the environment is about to be free, better waited for than doubled. */
  settle(): void;
}

/** Environments of one function. */
export interface EnvironmentPool {
  readonly size: number;
  /** Resolves to an idle environment, started where none is; or to the error with which it failed to start. */
  acquire(): Promise<Lease | InvocationOutcome>;
  stop(): void;
}

interface Slot {
  state: "starting" | "idle" | "busy" | "settling" | "ending";
  readonly startedAt: number;
  environment?: ExecutionEnvironment;
  used: boolean;
  idleTimer?: NodeJS.Timeout;
}

const STOPPED: InvocationOutcome = {
  kind: "error",
  errorType: "Runtime.Stopped",
  errorMessage: "the function was stopped",
};

/** A pool that reuses the environment used last, as Lambda tends to, and starts one where all are busy. */
export function createEnvironmentPool(options: PoolOptions): EnvironmentPool {
  const slots = new Set<Slot>();
  const idle: Slot[] = [];
  const waiting: ((lease: Lease | InvocationOutcome) => void)[] = [];
  let stopped = false;

  /** An environment about to be free for each invocation that waits, up to the limit. */
  function startWhereRoom(): void {
    const coming = [...slots].filter(({ state }) => state === "starting" || state === "settling").length;
    for (let missing = waiting.length - coming; missing > 0 && slots.size < options.concurrencyMax; missing--) start();
  }

  function start(): void {
    const slot: Slot = { state: "starting", startedAt: Date.now(), used: false };
    slots.add(slot);
    startEnvironment({
      ...options.environment,
      onIdle: () => release(slot),
      onExit: (initError) => retire(slot, initError),
    }).then(
      (environment) => {
        slot.environment = environment;
        if (stopped) environment.kill();
      },
      (error: unknown) =>
        retire(slot, { kind: "error", errorType: "Runtime.InitError", errorMessage: String(error) }),
    );
  }

  function lend(slot: Slot, environment: ExecutionEnvironment): Lease {
    clearTimeout(slot.idleTimer);
    slot.state = "busy";
    const coldStart = !slot.used;
    slot.used = true;
    const settle = (): void => {
      if (slot.state === "busy") slot.state = "settling";
    };
    return { environment, coldStart, settle };
  }

  function release(slot: Slot): void {
    if (slot.environment === undefined || slot.state === "ending") return;
    if (stopped || (slot.used && Date.now() - slot.startedAt > options.ageLimitMs)) return end(slot);
    const next = waiting.shift();
    if (next !== undefined) return next(lend(slot, slot.environment));
    slot.state = "idle";
    idle.push(slot);
    slot.idleTimer = setTimeout(() => end(slot), options.idleLimitMs).unref();
  }

  function end(slot: Slot): void {
    slot.state = "ending";
    const index = idle.indexOf(slot);
    if (index >= 0) idle.splice(index, 1);
    slot.environment?.kill();
  }

  function retire(slot: Slot, initError: InvocationOutcome | undefined): void {
    end(slot);
    clearTimeout(slot.idleTimer);
    slots.delete(slot);
    if (initError !== undefined) waiting.shift()?.(stopped ? STOPPED : initError);
    if (!stopped) startWhereRoom();
  }

  return {
    get size() {
      return slots.size;
    },
    acquire() {
      if (stopped) return Promise.resolve(STOPPED);
      const warm = idle.pop();
      if (warm?.environment !== undefined) return Promise.resolve(lend(warm, warm.environment));
      return new Promise((resolve) => {
        waiting.push(resolve);
        startWhereRoom();
      });
    },
    stop() {
      stopped = true;
      for (const slot of [...slots]) end(slot);
      for (const waiter of waiting.splice(0)) waiter(STOPPED);
    },
  };
}
