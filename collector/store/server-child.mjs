/**
 * The embedded ClickHouse server: runs libchdb's command line in this process and blocks until it ends; or, where
 * CLICKHOUSE_BINARY names one, runs that binary and ends it when this process's parent is gone.
 * Plain JavaScript, because any Node that runs the collector must start it as it is.
 *
 * Arguments: those of `clickhouse local`, handed on unchanged. Exit code 3: libchdb cannot run here.
 */
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { setPriority } from "node:os";
import { Worker } from "node:worker_threads";

const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;
const CANNOT_RUN_EXIT_CODE = 3;
/**
 * An insert works in some ten threads at a time. With the same priority as theirs the collector's one thread gets a
 * tenth of the processors while an insert lasts, which is less than it needs to take what comes in.
 */
const NICE = 5;

const require = createRequire(import.meta.url);

// Threads that are started from here on, and a process, inherit it.
setPriority(NICE);
const args = process.argv.slice(2);
const binary = process.env["CLICKHOUSE_BINARY"];
if (binary) runBinary(binary);
else runLibrary();

function runBinary(path) {
  const child = spawn(path, ["local", ...args], { stdio: ["ignore", "inherit", "inherit"] });
  const end = () => child.kill("SIGTERM");
  process.on("SIGTERM", end);
  // The parent holds the other end of standard input: it closes when the parent ends, however it ends.
  process.stdin.on("end", end).resume();
  child.on("error", (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(CANNOT_RUN_EXIT_CODE);
  });
  child.on("exit", (code) => process.exit(code ?? 1));
}

function runLibrary() {
  try {
    const ffi = require("ffi-rs");
    const { libchdbPath } = require("chdb/libchdb");
    const path = libchdbPath();
    if (process.platform === "linux") endWithParent(ffi);
    else new Worker(new URL("./end-with-stdin.mjs", import.meta.url)).unref();
    ffi.open({ library: "chdb", path });
    const argv = ["clickhouse", ...args];
    ffi.load({
      library: "chdb",
      funcName: "chdb_query_cmdline",
      retType: ffi.DataType.External,
      paramsType: [ffi.DataType.I32, ffi.DataType.StringArray],
      paramsValue: [argv.length, argv],
    });
  } catch (error) {
    process.stderr.write(`libchdb cannot run: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = CANNOT_RUN_EXIT_CODE;
  }
}

/**
 * The kernel ends this process when its parent dies, however it dies: no server is ever left behind. By SIGKILL, as a
 * server that is only just starting may miss SIGTERM; the store survives either.
 */
function endWithParent(ffi) {
  ffi.open({ library: "libc", path: "" });
  ffi.load({
    library: "libc",
    funcName: "prctl",
    retType: ffi.DataType.I32,
    paramsType: [ffi.DataType.I32, ffi.DataType.I32],
    paramsValue: [PR_SET_PDEATHSIG, SIGKILL],
  });
  // It may have died before the kernel was told.
  if (process.ppid !== Number(process.env["COLLECTOR_PID"])) process.exit(0);
}
