/**
 * Makes span-kernel.wasm out of this folder, which is AssemblyScript: `node collector/ingest/kernel/build.mjs`. The
 * file is kept with the sources, so that the collector starts without a build; a test holds it to be what they make.
 */
import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const here = import.meta.dirname;
export const kernelFile = join(here, "..", "span-kernel.wasm");

/**
 * The kernel's bytes, compiled anew.
 * @throws {Error} where the sources are wrong, with what the compiler says
 */
export async function compileKernel() {
  let wasm;
  const { error, stderr } = await asc.main(
    [
      ...[relative(process.cwd(), join(here, "index.ts")), "--outFile", "kernel.wasm"],
      // No runtime: memory is the kernel's own. No assertions, no import of `abort`: it traps.
      ...["--runtime", "stub", "--noAssert", "--use", "abort="],
      ...["-O3", "--enable", "simd", "--enable", "bulk-memory", "--pedantic"],
    ],
    { writeFile: (_name, bytes) => void (wasm = bytes) },
  );
  if (error || !wasm) throw new Error(`the kernel does not compile:\n${stderr.toString()}`, { cause: error });
  return wasm;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(kernelFile, await compileKernel());
