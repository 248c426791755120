import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { capture } from "./child.mjs";
import { during } from "./log.mjs";

/** apt-get locks its lists and dpkg's database: one call waits for the one before. */
let lastInstall = Promise.resolve();

/**
 * Installs packages of Debian, where this runs as root and apt-get is there.
 * @param {string} what the line that announces it, for example "installing Chromium"
 * @param {string[]} packages
 * @returns {Promise<string | undefined>} why it failed; undefined where it was done, or cannot be tried here
 */
export function installDebianPackages(what, packages) {
  const apt = findOnPath("apt-get");
  if (apt === undefined || process.getuid?.() !== 0) return Promise.resolve(undefined);
  const options = { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" }, outlive: true };
  const done = lastInstall.then(() =>
    during(what, async () => {
      const update = await capture(apt, ["update", "-qq"], options);
      const install = await capture(apt, ["install", "-y", "-qq", "--no-install-recommends", ...packages], options);
      return install.code === 0 ? undefined : `apt-get: ${update.output}${install.output}`.trim();
    }),
  );
  lastInstall = done;
  return done;
}

/**
 * @param {string} name of a program
 * @returns {string | undefined} its path, where a folder of PATH has it
 */
export function findOnPath(name) {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}
