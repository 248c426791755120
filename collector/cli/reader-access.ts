/** How commands of this machine reach the API of a collector with the same settings. */
import type { Config } from "./config.ts";

/** Returns the address of a collector that listens on `host` and `port`, as this machine reaches it. */
export function addressOf(host: string, port: number): string {
  return `http://${reachable(host)}:${String(port)}`;
}

function reachable(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}

/** Returns the headers with which the API answers; none where it asks for no password. */
export function readerHeaders({ uiPassword }: Pick<Config, "uiPassword">): Record<string, string> {
  if (uiPassword === undefined) return {};
  return { authorization: `Basic ${Buffer.from(`hopscope:${uiPassword}`).toString("base64")}` };
}
