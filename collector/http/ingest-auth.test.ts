import { describe, expect, it } from "vitest";
import { OtlpError } from "../ingest/errors.ts";
import { ingestAuth } from "./ingest-auth.ts";

const withHeader = (authorization?: string) => (name: string) => (name === "authorization" ? authorization : undefined);

function refusal(call: () => unknown): OtlpError {
  try {
    call();
  } catch (error) {
    if (error instanceof OtlpError) return error;
  }
  throw new Error("it was not refused");
}

describe("tokens", () => {
  const authorize = ingestAuth({ tokens: ["first-token-123456", "other-token-123456"] });

  it.for(["Bearer first-token-123456", "bearer other-token-123456", "BEARER  first-token-123456"])("let %s in", (header) => {
    expect(() => authorize?.(withHeader(header))).not.toThrow();
  });

  it.for([
    undefined,
    "",
    "Bearer",
    "Bearer ",
    "first-token-123456",
    "Basic first-token-123456",
    "Bearer first-token-12345",
    "Bearer first-token-1234567",
    "Bearer first-token-123456 other-token-123456",
    "Bearer first-token-123456,other-token-123456",
  ])("refuse %s", (header) => {
    expect(refusal(() => authorize?.(withHeader(header)))).toMatchObject({ httpStatus: 401, rpcCode: 16 });
  });

  it("are not needed where none is set", () => {
    expect(ingestAuth({ tokens: [] })).toBeUndefined();
  });
});

describe("a rate", () => {
  it("refuses what goes past it, says when to come again, and lets it in then", () => {
    let nowMs = 0;
    const authorize = ingestAuth({ tokens: ["first-token-123456", "other-token-123456"], spansPerS: 100, now: () => nowMs });
    const send = (token: string, spans: number) => authorize?.(withHeader(`Bearer ${token}`)).spend(spans);
    send("first-token-123456", 1_500);
    const refused = refusal(() => send("first-token-123456", 1));
    expect(refused).toMatchObject({ httpStatus: 429, rpcCode: 8, retryAfterS: 6 });
    // Another sender has a rate of its own.
    send("other-token-123456", 1);
    nowMs = (refused.retryAfterS ?? 0) * 1000;
    send("first-token-123456", 1);
  });

  it("holds for all senders together where there is no token", () => {
    const authorize = ingestAuth({ tokens: [], spansPerS: 1, now: () => 0 });
    authorize?.(withHeader()).spend(10);
    expect(refusal(() => authorize?.(withHeader("Bearer any")))).toMatchObject({ httpStatus: 429, retryAfterS: 1 });
  });

  it("saves no more than ten seconds", () => {
    let nowMs = 0;
    const authorize = ingestAuth({ tokens: [], spansPerS: 1, now: () => nowMs });
    nowMs = 3_600_000;
    authorize?.(withHeader()).spend(11);
    expect(() => authorize?.(withHeader())).toThrow(/more than 1 spans a second/);
  });
});
