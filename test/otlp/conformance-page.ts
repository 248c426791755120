/** The page in `docs/` that publishes what the conformance suite tests. */
import { conformanceCases, traceService } from "./conformance.cases.ts";

/** Statuses of gRPC that rows expect, by name. */
const STATUS_NAMES: Readonly<Record<number, string>> = {
  0: "OK",
  3: "INVALID_ARGUMENT",
  4: "DEADLINE_EXCEEDED",
  8: "RESOURCE_EXHAUSTED",
  12: "UNIMPLEMENTED",
  14: "UNAVAILABLE",
  16: "UNAUTHENTICATED",
};

/** `docs/otlp-conformance.md`, whole. */
export function conformancePage(): string {
  const rows = conformanceCases.map((row) => {
    const asked = row.grpc
      ? `gRPC \`${(row.path ?? traceService).split(".").at(-1) ?? ""}\``
      : `\`${row.method ?? "POST"} ${row.path ?? "/v1/traces"}\``;
    const answered = row.grpc && row.httpStatus === undefined ? STATUS_NAMES[row.status] : row.httpStatus ?? row.status;
    return `| ${row.section} | ${row.promise} | ${asked} | ${String(answered)} |`;
  });
  return `# OTLP conformance

What the collector answers to [OTLP](https://opentelemetry.io/docs/specs/otlp/), row by row. Each row is a test that
sends these very bytes over HTTP or gRPC (\`test/otlp/conformance.cases.ts\`); those that say what is kept read it back
out of the store. The unmodified OpenTelemetry exporters for protobuf, JSON and gRPC are tested beside it
(\`test/otlp/exporters.test.ts\`), that for browsers in one (\`test/otlp/browser.test.ts\`). This page is written by the tests.

Every answer has the encoding of its request; every 4xx and 5xx is a \`google.rpc.Status\`, with a \`BadRequest\` where
the data is bad and a \`RetryInfo\` where the same request may succeed later.

| Section | What is promised | Request | Answer |
|---|---|---|---|
${rows.join("\n")}

There is no room while the write-ahead log or the disk is full, too many requests are under way, or the collector is
stopping; \`Retry-After\` is in seconds, and over gRPC \`RetryInfo\` in the status's details says the same. It is never a
500. Token, rate, room in the log and on the disk, and room for one more call are looked at before a byte of a body or a
message is read; of a body that is refused, 128 MiB or five seconds more are dropped, then the connection is closed.
Tokens, rates and pages of other origins (CORS) are off until they are set ([configuration](configuration.md)); the
query API answers pages of its own origin alone.

## Limits

| Limit | Value | What happens beyond it |
|---|---|---|
| request body, as sent and decompressed | 64 MiB | 413; over gRPC \`RESOURCE_EXHAUSTED\` without \`RetryInfo\` |
| bodies and messages in hand at a time | 256 MiB | 503; over gRPC \`UNAVAILABLE\`, both to come again |
| gRPC calls at a time | 1,000, and 100 on a connection | \`UNAVAILABLE\`, to come again |
| a gRPC call | its \`grpc-timeout\`, a minute at most | \`DEADLINE_EXCEEDED\` |
| metadata of a gRPC call | 1,024 entries, 64 KiB | the call is reset |
| a request over HTTP/1.1, from its first byte to its last | a minute | 408 |
| a body in zstd | 1,024 frames, each with a window of 8 MiB (RFC 9659) | 400 |
| levels of arrays and maps in a value | 50 | the span is rejected, its neighbours are kept |
| ids of a wrong length, or all zero | - | the span is rejected, its neighbours are kept |
| spans in JSON with a member of a wrong type | 1,000 | the span is rejected, its neighbours are kept; 400 beyond, or where no span is left |
| spans rejected for these reasons in a request | 10,000 | 400, for the whole request |
| link with ids of a wrong length | - | the link is dropped and counted in \`droppedLinksCount\` |
| strings that are not UTF-8 | - | the bad bytes become U+FFFD, and are counted |
| start time further than an hour ahead, or past the retention | - | stored at the time of its arrival, and counted; the time as it was sent is kept beside it |

Not taken yet: logs, and metrics of any scope but \`hopscope\` (404 with a Status that says so). Of that scope the
counts of invocations whose trace was not sampled are taken: \`faas.invocations\` (all of them), \`faas.errors\`,
\`faas.timeouts\` and \`faas.coldstarts\`, each a sum of delta temporality whose points have the attribute
\`hopscope.sampled\` = false. They are acknowledged when they are in the store; while that is away the answer is 503
with \`Retry-After\`. The same request sent again within two hours counts once. They add to the functions' counts, in
lists, series and alerts; durations, memory and cost stay those of the sampled invocations.
`;
}
