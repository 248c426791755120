/**
 * One value for the whole process, however often this package is loaded: as ESM and as CommonJS, bundled into a
 * function and from a layer. The version keeps copies apart that could not understand each other.
 */
import { VERSION } from "./version.ts";

/** The process's value called `name`, made at the first call. */
export function shared<T>(name: string, make: () => T): T {
  const globals = globalThis as Record<symbol, unknown>;
  const key = Symbol.for(`hopscope.${VERSION}.${name}`);
  return (globals[key] ??= make()) as T;
}
