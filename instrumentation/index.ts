/**
 * Distributed tracing for serverless functions.
 *
 * @example
 * import { traced, tracedClient } from "hopscope";
 * const sns = tracedClient(new SNSClient({}));
 * export const handler = traced(async (event) => { ... });
 */
export { tracedClient } from "./clients/traced-client.ts";
export { traced } from "./traced.ts";
export type { BatchEvent, BatchResult, EachOptions, Traced, TracedClient, TracedOptions } from "./types.ts";
