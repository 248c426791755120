/** How the demo's own shop comes past the doors that the settings close. */
import type { Config } from "./config.ts";

/** The variables that say who may do what: for the collector alone, and not for the example's functions. */
const SECRET_VARIABLES = ["HOPSCOPE_INGEST_TOKENS", "HOPSCOPE_UI_PASSWORD"];
const HEADERS_VARIABLE = "OTEL_EXPORTER_OTLP_HEADERS";

/** Returns the example's environment: where to send, and the first token as a header beside those that are set. */
export function exampleEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  endpoint: string,
  { ingestTokens }: Pick<Config, "ingestTokens">,
): Record<string, string | undefined> {
  const rest = Object.fromEntries(Object.entries(env).filter(([name]) => !SECRET_VARIABLES.includes(name)));
  const example = { ...rest, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint };
  const token = ingestTokens?.[0];
  if (token === undefined) return example;
  const others = (env[HEADERS_VARIABLE] ?? "")
    .split(",")
    .filter((header) => header.trim() !== "" && !/^\s*authorization\s*=/i.test(header));
  const own = `authorization=${encodeURIComponent(`Bearer ${token}`)}`;
  return { ...example, [HEADERS_VARIABLE]: [...others, own].join(",") };
}
