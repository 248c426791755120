/** Opens the embedded store in a process of its own, for the test that kills it, and prints the server's process id. */
import { silentLog } from "./log.ts";
import { openStore } from "./open-store.ts";

const [dataDir = ""] = process.argv.slice(2);
const { embedded } = await openStore({ dataDir, retentionDays: 30, database: "hopscope", log: silentLog });
process.stdout.write(`${String(embedded?.pid())}\n`);
