/** The transcoder alone, on one core: `npm run bench -- transcode [seconds]`. */
import { SpanTranscoder } from "../../collector/ingest/transcode-spans.ts";
import { Payload, spansPerRequest } from "../ingest/payload.ts";

const seconds = Number(process.argv[2] ?? 5);
const payloads = Array.from({ length: 32 }, (_, seed) => new Payload(seed + 1));
for (const payload of payloads) payload.refresh();
const transcoder = new SpanTranscoder({ retentionDays: 30 });
let spans = 0;
let bytes = 0;
let start = performance.now();
let cpu = process.cpuUsage();
const warmUntil = start + 1_000;
let warm = false;
for (let index = 0; ; index += 1) {
  const payload = payloads[index % payloads.length];
  if (!payload) break;
  transcoder.transcode(payload.body);
  spans += spansPerRequest;
  if (index % 8 === 7) bytes += transcoder.takeBlocks().reduce((sum, block) => sum + block.bytes.length, 0);
  const now = performance.now();
  if (!warm && now > warmUntil) {
    warm = true;
    spans = 0;
    bytes = 0;
    start = now;
    cpu = process.cpuUsage();
  } else if (warm && now - start > seconds * 1_000) break;
}
const elapsedS = (performance.now() - start) / 1_000;
const used = process.cpuUsage(cpu);
const cpuS = (used.user + used.system) / 1e6;
process.stdout.write(
  `transcoded ${Math.round(spans / elapsedS).toLocaleString("en")} spans/s ` +
    `(${(1e6 * (cpuS / spans)).toFixed(2)} us of CPU a span), ` +
    `request ${String(payloads[0]?.body.length)} bytes, Native ${String(Math.round(bytes / spans))} bytes/span\n`,
);
