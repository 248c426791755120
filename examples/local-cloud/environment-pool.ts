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

/** Environments of one function: the one used last is used again, as Lambda tends to; started where all are busy. */
export class EnvironmentPool {
  readonly #options: PoolOptions;
  readonly #slots = new Set<Slot>();
  readonly #idle: Slot[] = [];
  readonly #waiting: ((lease: Lease | InvocationOutcome) => void)[] = [];
  #stopped = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Environments alive. */
  get size(): number {
    return this.#slots.size;
  }

  /** Resolves to an idle environment, started where there is none; or to the error with which it failed to start. */
  acquire(): Promise<Lease | InvocationOutcome> {
    if (this.#stopped) return Promise.resolve(STOPPED);
    const warm = this.#idle.pop();
    if (warm?.environment !== undefined) return Promise.resolve(lend(warm, warm.environment));
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#startWhereRoom();
    });
  }

  /** Ends every environment; whoever waits gets an error. */
  stop(): void {
    this.#stopped = true;
    for (const slot of [...this.#slots]) this.#end(slot);
    for (const waiter of this.#waiting.splice(0)) waiter(STOPPED);
  }

  /** An environment about to be free for each invocation that waits, up to the limit. */
  #startWhereRoom(): void {
    const coming = [...this.#slots].filter(({ state }) => state === "starting" || state === "settling").length;
    for (let missing = this.#waiting.length - coming; missing > 0; missing--) {
      if (this.#slots.size < this.#options.concurrencyMax) this.#start();
    }
  }

  #start(): void {
    const slot: Slot = { state: "starting", startedAt: Date.now(), used: false };
    this.#slots.add(slot);
    startEnvironment({
      ...this.#options.environment,
      onIdle: () => this.#release(slot),
      onExit: (initError) => this.#retire(slot, initError),
    }).then(
      (environment) => {
        slot.environment = environment;
        if (this.#stopped) environment.kill();
      },
      (error: unknown) =>
        this.#retire(slot, { kind: "error", errorType: "Runtime.InitError", errorMessage: String(error) }),
    );
  }

  #release(slot: Slot): void {
    if (slot.environment === undefined || slot.state === "ending") return;
    const tooOld = slot.used && Date.now() - slot.startedAt > this.#options.ageLimitMs;
    if (this.#stopped || tooOld) return this.#end(slot);
    const next = this.#waiting.shift();
    if (next !== undefined) return next(lend(slot, slot.environment));
    slot.state = "idle";
    this.#idle.push(slot);
    slot.idleTimer = setTimeout(() => this.#end(slot), this.#options.idleLimitMs).unref();
  }

  #end(slot: Slot): void {
    slot.state = "ending";
    clearTimeout(slot.idleTimer);
    const index = this.#idle.indexOf(slot);
    if (index !== -1) this.#idle.splice(index, 1);
    slot.environment?.kill();
  }

  #retire(slot: Slot, initError: InvocationOutcome | undefined): void {
    this.#end(slot);
    this.#slots.delete(slot);
    if (initError !== undefined) this.#waiting.shift()?.(initError);
    if (!this.#stopped) this.#startWhereRoom();
  }
}

function lend(slot: Slot, environment: ExecutionEnvironment): Lease {
  clearTimeout(slot.idleTimer);
  slot.state = "busy";
  const coldStart = !slot.used;
  slot.used = true;
  return {
    environment,
    coldStart,
    settle() {
      if (slot.state === "busy") slot.state = "settling";
    },
  };
}
