import { describe, expect, it } from "vitest";
import { addressOf, readerHeaders } from "./reader-access.ts";

describe("a command that reads the API", () => {
  it.for([
    ["brings the password", "a pässword: of sixteen", "hopscope:a pässword: of sixteen"],
    ["brings nothing where none is asked for", undefined, undefined],
  ] as const)("%s", ([, uiPassword, pair]) => {
    const { authorization } = readerHeaders({ uiPassword });
    expect(authorization && Buffer.from(authorization.slice("Basic ".length), "base64").toString()).toBe(pair);
  });

  it.for([
    ["127.0.0.1", "http://127.0.0.1:4318"],
    ["0.0.0.0", "http://127.0.0.1:4318"],
    ["::", "http://127.0.0.1:4318"],
    ["::1", "http://[::1]:4318"],
    ["hopscope.local", "http://hopscope.local:4318"],
  ] as const)("asks a collector on %s at %s", ([host, address]) => {
    expect(addressOf(host, 4318)).toBe(address);
  });
});
