import { spawn } from "node:child_process";
import { delimiter } from "node:path";
import { root } from "./paths.mjs";

const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

/**
 * Runs a program with this one's terminal and hands signals on to it. On Ctrl-C a terminal signals the whole
 * group, so the program may get a signal twice in a row.
 * @param {string} file
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<number>} its exit code; 128 + n where signal n ended it, as a shell has it
 */
export function run(file, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: root, stdio: "inherit", env: options.env ?? process.env });
    const forward = (signal) => child.kill(signal);
    for (const signal of Object.keys(signalNumbers)) process.on(signal, forward);
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      for (const name of Object.keys(signalNumbers)) process.removeListener(name, forward);
      resolve(code ?? 128 + (signalNumbers[signal] ?? 9));
    });
  });
}

/**
 * Runs a program quietly.
 * @param {string} file
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<{ code: number, output: string }>} exit code (127 where it could not start), both streams' text
 */
export function capture(file, args, options = {}) {
  return new Promise((resolve) => {
    const env = { ...(options.env ?? process.env), NO_COLOR: "1" };
    delete env.FORCE_COLOR;
    const child = spawn(file, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"], env });
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    child.on("error", (error) => resolve({ code: 127, output: error.message }));
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

/**
 * The environment without the checkout's own `node_modules/.bin` on PATH: what replaces `node_modules`
 * must not run on a Node that lives inside it.
 * @returns {NodeJS.ProcessEnv}
 */
export function machineEnv() {
  const path = (process.env.PATH ?? "").split(delimiter).filter((folder) => !folder.includes("node_modules"));
  return { ...process.env, PATH: path.join(delimiter) };
}
