import { spawn } from "node:child_process";
import { delimiter } from "node:path";
import { root } from "./paths.mjs";

/** What `capture` runs now and ends with this process, each with a process group of its own. */
const captured = new Set();
process.on("exit", () => captured.forEach(killGroup));

/** SIGKILL, as npm finishes its work before it heeds another signal; what it left half done it does anew. */
function killGroup({ pid }) {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It ended already.
  }
}

/** Signals that ask a process to end, by their numbers. */
export const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

/**
 * @param {(signal: string) => void} listener called when a signal asks this process to end
 * @returns {() => void} takes the listener away
 */
export function onSignals(listener) {
  const names = Object.keys(signalNumbers);
  for (const name of names) process.on(name, listener);
  return () => {
    for (const name of names) process.removeListener(name, listener);
  };
}

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
    const stopForwarding = onSignals(forward);
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      stopForwarding();
      resolve(code ?? 128 + (signalNumbers[signal] ?? 9));
    });
  });
}

/**
 * Runs a program quietly.
 * @param {string} file
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, outlive?: boolean }} [options] `outlive`: it must not be broken off
 * @returns {Promise<{ code: number, output: string }>} exit code (127 where it could not start), both streams' text
 */
export function capture(file, args, options = {}) {
  return new Promise((resolve) => {
    const env = { ...(options.env ?? process.env), NO_COLOR: "1" };
    delete env.FORCE_COLOR;
    const child = spawn(file, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"], env, detached: true });
    if (!options.outlive) captured.add(child);
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    const settle = (code, text) => {
      captured.delete(child);
      resolve({ code, output: text });
    };
    child.on("error", (error) => settle(127, error.message));
    child.on("close", (code) => settle(code ?? 1, output));
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
