/** The page docs/configuration.md, made from the table of settings. */
import { settings, type Setting } from "./settings.ts";

const opening = `# Configuration

The collector is set up by environment variables. A wrong value stops the start with a message that names the
variable, its value and what is allowed. An empty variable counts as not set.

| variable | default | allowed | what it does |
|---|---|---|---|
`;

const closing = `
Functions and containers are set up by OpenTelemetry's standard variables: \`OTEL_SERVICE_NAME\`,
\`OTEL_RESOURCE_ATTRIBUTES\`, \`OTEL_EXPORTER_OTLP_ENDPOINT\`, \`OTEL_EXPORTER_OTLP_HEADERS\`,
\`OTEL_TRACES_SAMPLER\`, \`OTEL_TRACES_SAMPLER_ARG\` ([sampling](guides/sampling.md)) and \`OTEL_SDK_DISABLED\`.
`;

/** Markdown with one row for each setting. */
export function settingsPage(): string {
  return opening + Object.values<Setting<unknown>>(settings).map(row).join("") + closing;
}

function row({ name, alias, fallback, allowed, description }: Setting<unknown>): string {
  const names = alias === undefined ? `\`${name}\`` : `\`${name}\`, else \`${alias}\``;
  return `| ${names} | ${fallback === undefined ? "" : `\`${fallback}\``} | ${allowed} | ${description} |\n`;
}
