import { traced } from "hopscope";

await traced(async () => undefined, { name: "last words" })();
if (process.env.HOW === "exit") process.exit(3);
if (process.env.HOW === "SIGTERM") {
  setInterval(() => undefined, 1000);
  process.kill(process.pid, "SIGTERM");
}
