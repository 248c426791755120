/** `grpc-timeout`: how long a call's client waits. */
import { malformed } from "../ingest/errors.ts";

const TIMEOUT = /^(\d{1,8})([HMSmun])$/;
const MS_OF_UNIT: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };

/**
 * Milliseconds that the header gives a call; undefined where it says nothing.
 *
 * @throws OtlpError 400 where it is none of gRPC's form
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#requests
 */
export function grpcTimeoutMs(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const [, value, unit = ""] = TIMEOUT.exec(header) ?? [];
  if (value === undefined) throw malformed(`grpc-timeout "${header.slice(0, 50)}" is not a number of 8 digits and a unit`);
  return Number(value) * (MS_OF_UNIT[unit] ?? 0);
}
