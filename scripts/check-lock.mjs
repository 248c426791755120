/** package-lock.json installs on a machine that has nothing: npm itself says so, without installing. */
import { capture, machineEnv } from "./child.mjs";

const { code, output } = await capture("npm", ["ci", "--dry-run", "--no-audit", "--no-fund", "--loglevel=error"], {
  env: machineEnv(),
});
if (code !== 0) process.stdout.write(output);
process.exitCode = code;
