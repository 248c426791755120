/**
 * Distributed tracing for serverless functions.
 *
 * @example
 * import { traced, tracedClient } from "hopscope";
 * const sns = tracedClient(new SNSClient({}));
 * export const handler = traced(async (event) => { ... });
 */
import { tracing } from "./core/tracing.ts";

export { tracedClient } from "./clients/traced-client.ts";
export { traced } from "./traced.ts";
export type { BatchEvent, BatchResult, EachOptions, Traced, TracedClient, TracedOptions } from "./types.ts";

// At import, not at the first handler: instrumentations ask the OpenTelemetry API for a tracer when they load.
tracing();
