/** Stands in for the handler that `hopscope/register` took over: loads it as Lambda's runtime would, and wraps it. */
import { statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { traced } from "./index.ts";
import { ORIGINAL_HANDLER } from "./platforms/intercept-handler.ts";

const EXTENSIONS = ["", ".js", ".mjs", ".cjs"];

/** The user's handler, wrapped. */
export const handler = traced(await loadHandler(process.env[ORIGINAL_HANDLER] ?? ""));

async function loadHandler(name: string): Promise<(...args: never[]) => unknown> {
  process.env._HANDLER = name;
  const file = basename(name);
  const dot = file.indexOf(".");
  const root = process.env.LAMBDA_TASK_ROOT ?? process.cwd();
  const base = resolve(root, name.slice(0, name.length - file.length), file.slice(0, dot));
  const path = EXTENSIONS.map((extension) => base + extension).find(isFile);
  if (!path) throw named("Runtime.ImportModuleError", `Cannot find module '${base}'`);
  const loaded = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  const found = member(loaded, file.slice(dot + 1)) ?? member(loaded.default, file.slice(dot + 1));
  if (typeof found === "function") return found as (...args: never[]) => unknown;
  const what = found === undefined ? "undefined or not exported" : "not a function";
  throw named("Runtime.HandlerNotFound", `${name} is ${what}`);
}

function member(value: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((object, key) => (object as Record<string, unknown> | undefined)?.[key], value);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
