import { describe, expect, it } from "vitest";
import { exampleEnvironment } from "./demo-access.ts";

const TOKEN = "first-token/1234+6=";
const ENDPOINT = "http://127.0.0.1:1234";
const BEARER = "authorization=Bearer%20first-token%2F1234%2B6%3D";

describe("the demo's shop", () => {
  it.for([
    ["sends no header where no token is asked for", {}, undefined, undefined],
    ["sends the first of the tokens", {}, [TOKEN, "other-token-123456"], BEARER],
    ["keeps other headers", { OTEL_EXPORTER_OTLP_HEADERS: "x-tenant=a" }, [TOKEN], `x-tenant=a,${BEARER}`],
    ["keeps headers where no token is asked for", { OTEL_EXPORTER_OTLP_HEADERS: "x-a=b" }, undefined, "x-a=b"],
    ["replaces another's token", { OTEL_EXPORTER_OTLP_HEADERS: "Authorization=Bearer%20x" }, [TOKEN], BEARER],
  ] as const)("%s", ([, env, ingestTokens, headers]) => {
    const given = { ...env, HOPSCOPE_INGEST_TOKENS: "all of them", HOPSCOPE_UI_PASSWORD: "a secret", PATH: "/bin" };
    const example = exampleEnvironment(given, ENDPOINT, { ingestTokens: ingestTokens && [...ingestTokens] });
    expect(example["OTEL_EXPORTER_OTLP_HEADERS"]).toBe(headers);
    expect(example).toMatchObject({ OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT, PATH: "/bin" });
    expect(example).not.toHaveProperty("HOPSCOPE_INGEST_TOKENS");
    expect(example).not.toHaveProperty("HOPSCOPE_UI_PASSWORD");
  });
});
