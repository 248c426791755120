/** One row of the tables of events beside the sources. */
import type { Attributes } from "@opentelemetry/api";

/** A real-shaped event, where it is documented, and what must come of it. */
export interface EventCase {
  readonly name: string;
  /** The public sample that the event follows, or the page that says how such an event is made. */
  readonly source: string;
  readonly event: unknown;
  /** Lambda's context, where it matters. */
  readonly caller?: object;
  readonly expected: {
    /** Name of the event source. */
    readonly by: string;
    readonly spanName: string | undefined;
    readonly kind?: "server" | "consumer";
    /** Span id of the parent; null for a root. */
    readonly parent: string | null;
    /** Span ids by record: null where a record carries none. Only for messages. */
    readonly contexts?: readonly (string | null)[];
    /** Keys on the invocation. */
    readonly keys?: readonly string[];
    /** Some of the attributes of the invocation. */
    readonly attributes?: Attributes;
  };
}

/** Address of a public sample. */
export const sample = (repository: string, path: string, commit = "HEAD"): string =>
  `https://github.com/${repository}/blob/${commit}/${path}`;
/** Events by which Powertools for AWS Lambda tests its parser. */
export const powertools = (name: string): string =>
  sample("aws-powertools/powertools-lambda-typescript", `packages/parser/tests/events/${name}.json`);
/** Events by which AWS's library for Go tests its types. */
export const awsGo = (name: string): string => sample("aws/aws-lambda-go", `events/testdata/${name}.json`);
/** Events by which AWS's runtime for Rust tests its types. */
export const awsRust = (name: string): string =>
  sample("awslabs/aws-lambda-rust-runtime", `lambda-events/src/fixtures/example-${name}.json`);
/** Events by which Datadog tests its wrapper. */
export const datadog = (name: string): string => sample("DataDog/datadog-lambda-js", `event_samples/${name}.json`);
/** Events by which Datadog tests its extension. */
export const datadogExtension = (name: string): string =>
  sample("DataDog/datadog-lambda-extension", `bottlecap/tests/payloads/${name}.json`);
/** Pages of AWS's guides in the last state that was public as text. */
export const pipesPage = (name: string): string =>
  sample("awsdocs/amazon-eventbridge-user-guide", `doc_source/${name}.md`, "896fddaa2e939f5d6129050ef792c1b54ac981b6");
/** The same, of Lambda's guide. */
export const lambdaPage = (name: string): string =>
  sample("awsdocs/aws-lambda-developer-guide", `doc_source/${name}.md`, "03f7fcb0b771f031f7cb3aa43e8b18407c00b3a8");

/** Ids of the contexts below: the examples of W3C Trace Context. */
export const TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736";
export const SPAN_ID = "00f067aa0ba902b7";
export const OTHER_SPAN_ID = "b7ad6b7169203331";
/** The context that most cases carry. */
export const TRACEPARENT = `00-${TRACE_ID}-${SPAN_ID}-01`;
/** The context of an event that carries two: another span of the same trace. */
export const OTHER_TRACEPARENT = `00-${TRACE_ID}-${OTHER_SPAN_ID}-01`;
/** A text in base64, as events carry binary values. */
export const base64 = (text: string): string => Buffer.from(text).toString("base64");
