/** What a server's refusal, or its silence, is to the rest of the collector: for queries and inserts alike. */
import { StoreError } from "./store.ts";

/** Of an error's text, characters. */
export const messageMaxLength = 2_000;

/** What to do about errors of TLS, whose own words do not say it here. */
const ADVICE: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: "name the file of its certificate in NODE_EXTRA_CA_CERTS",
  SELF_SIGNED_CERT_IN_CHAIN: "name the file of its CA in NODE_EXTRA_CA_CERTS",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "name the file of its CA in NODE_EXTRA_CA_CERTS",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "name the file of its CA in NODE_EXTRA_CA_CERTS",
  EPROTO: "it may speak http:// and not https:// at this port",
};

/** The error of a call that got no answer, or half of one: it may succeed later. */
export function unreachable(error: unknown): StoreError {
  const advice = ADVICE[(error as NodeJS.ErrnoException | undefined)?.code ?? ""];
  // TLS's errors end with a line of their own, or with advice on how to start Node.
  const told = (error instanceof Error ? error.message : String(error)).trim().split("; if the root CA", 1)[0] ?? "";
  const message = advice === undefined ? told : `${told}: ${advice}`;
  return new StoreError(`ClickHouse did not answer: ${message}`, { retryable: true, cause: error });
}
