import { Writable } from "node:stream";
import pino from "pino";
import winston from "winston";
import { traced } from "hopscope";
import { traceFields, traceFormat } from "hopscope/logs";

const lines = { pino: [], winston: [] };
/** Takes one line at a time, as a slow disk does. */
const into = (list) =>
  new Writable({
    highWaterMark: 1,
    write(chunk, _, done) {
      list.push(JSON.parse(chunk));
      setImmediate(done);
    },
  });
const first = pino({ mixin: traceFields }, into(lines.pino));
const second = winston.createLogger({
  format: winston.format.combine(traceFormat(), winston.format.json()),
  transports: [new winston.transports.Stream({ stream: into(lines.winston) })],
});

const handler = traced(async function handler(run) {
  const { span_id } = traceFields();
  for (let n = 0; n < 100; n++) {
    first.info({ run, expected: span_id }, "working");
    second.info("working", { run, expected: span_id });
    if (n % 10 === 0) await Promise.resolve();
  }
});
first.info("outside");
second.info("outside");
await Promise.all([handler(1), handler(2)]);
while (lines.pino.length < 201 || lines.winston.length < 201) await new Promise(setImmediate);
console.log(JSON.stringify({ outside: traceFields(), ...lines }));
