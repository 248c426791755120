import { spawnTied } from "./tied-process.ts";

/** A long-running Node process, as a container would run one. */
export interface Container {
  readonly pid: number | undefined;
  /** Sends SIGTERM, and SIGKILL where it has not ended after `graceMs`; resolves when it has ended. */
  stop(graceMs: number): Promise<void>;
}

/** Starts a script with Node. `log` gets its output; `onExit` is told when it ends without being stopped. */
export function startContainer(options: {
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
  readonly log: (text: string) => void;
  readonly onExit: (why: string) => void;
}): Container {
  let stopping = false;
  const child = spawnTied(process.execPath, [options.script], {
    env: { PATH: process.env["PATH"], ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8");
    stream?.on("data", (text: string) => options.log(text));
  }
  const ended = new Promise<void>((resolve) => {
    const end = (why: string): void => {
      if (!stopping) options.onExit(why);
      resolve();
    };
    child.once("error", (error) => end(error.message));
    child.once("exit", (code, signal) => end(signal === null ? `exit status ${code}` : `signal ${signal}`));
  });
  return {
    pid: child.pid,
    async stop(graceMs) {
      stopping = true;
      child.kill("SIGTERM");
      const impatient = setTimeout(() => child.kill("SIGKILL"), graceMs);
      await ended;
      clearTimeout(impatient);
    },
  };
}
