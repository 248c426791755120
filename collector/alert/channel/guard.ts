/** Where messages may be sent: addresses are resolved and checked, and the connection goes to a checked one. */
import { lookup as dnsLookup } from "node:dns/promises";
import { BlockList, isIP, type LookupFunction } from "node:net";

/** Loopback, private, link-local (cloud metadata), carrier, multicast and reserved ranges. */
const internal = new BlockList();
for (const [network, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
] as const) {
  internal.addSubnet(network, prefix, "ipv4");
}
for (const [network, prefix] of [
  ["::", 128],
  ["::1", 128],
  ["64:ff9b::", 96],
  ["64:ff9b:1::", 48],
  ["100::", 64],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["fc00::", 7],
  ["fe80::", 10],
  ["ff00::", 8],
] as const) {
  internal.addSubnet(network, prefix, "ipv6");
}

/** The target may not be sent to. */
class ForbiddenTargetError extends Error {
  override readonly name = "ForbiddenTargetError";
}

/** Whether an address belongs to this machine or a network that is not the internet's. */
export function isInternalAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return internal.check(address, "ipv4");
  if (family !== 6) return true;
  // An IPv4 address in IPv6 clothes is judged by what it is.
  const mapped = /^::(?:ffff:(?:0:)?)?(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return internal.check(mapped, "ipv4");
  const hex = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(address);
  if (hex !== null) {
    const [high, low] = [Number.parseInt(hex[1] ?? "", 16), Number.parseInt(hex[2] ?? "", 16)];
    return internal.check([high >> 8, high & 255, low >> 8, low & 255].join("."), "ipv4");
  }
  return internal.check(address, "ipv6");
}

/**
 * Checks a URL's form. @throws ForbiddenTargetError where it is no http(s) URL, or carries a user and password
 */
export function checkUrl(text: string): URL {
  if (!URL.canParse(text)) throw new ForbiddenTargetError("the target is no URL");
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new ForbiddenTargetError(`the target must be http or https, not ${url.protocol.slice(0, -1)}`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new ForbiddenTargetError("the target must not carry a user or password; use a header or a secret");
  }
  return url;
}

/**
 * Resolves a host and returns only addresses that may be sent to. The caller connects to what this returns, so that
 * a name that resolves differently a moment later changes nothing.
 *
 * @throws ForbiddenTargetError where one of them is internal and `allowPrivate` is not set
 */
export async function resolveTarget(
  host: string,
  allowPrivate: boolean,
): Promise<{ address: string; family: number }[]> {
  const bare = host.replace(/^\[|\]$/g, "");
  const addresses = isIP(bare) ? [{ address: bare, family: isIP(bare) }] : await dnsLookup(bare, { all: true });
  if (addresses.length === 0) throw new ForbiddenTargetError(`${bare} has no address`);
  const inside = addresses.find(({ address }) => isInternalAddress(address));
  if (inside !== undefined && !allowPrivate) {
    throw new ForbiddenTargetError(
      `${bare} resolves to ${inside.address}, which is not on the internet; HOPSCOPE_ALERT_ALLOW_PRIVATE=true allows it`,
    );
  }
  return addresses;
}

/** A lookup for sockets that answers with checked addresses only. */
export function guardedLookup(allowPrivate: boolean): LookupFunction {
  return (host, options, callback) => {
    resolveTarget(host, allowPrivate).then(
      (addresses) => {
        const first = addresses[0];
        if (options.all) callback(null, addresses);
        else callback(null, first?.address ?? "", first?.family);
      },
      (error: unknown) => callback(error as NodeJS.ErrnoException, ""),
    );
  };
}
