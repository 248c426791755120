import type { Endpoint } from "./embedded.ts";

/** The header by which a server knows its user. In base64, as a password may have characters that no header has. */
export function authorizationOf({ username, password }: Endpoint): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}
