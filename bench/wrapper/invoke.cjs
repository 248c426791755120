/** Microseconds of one warm invocation of a subject: `node invoke.cjs <subject> <invocations>`. */
const [subject, count] = process.argv.slice(2);
const { handler } = require(`./subjects/${subject}.cjs`);
const { event, context } = require("./sqs-message.cjs");
/** Parts of which the fastest counts: a shared machine only ever adds. */
const PARTS = 10;

(async () => {
  const write = process.stdout.write.bind(process.stdout);
  // What a wrapper prints is part of its cost; where it goes to is not.
  process.stdout.write = () => true;
  process.stderr.write = () => true;
  for (let n = 0; n < Number(count) / PARTS; n++) await handler(event, context);
  let best = Infinity;
  for (let part = 0; part < PARTS; part++) {
    const start = process.hrtime.bigint();
    for (let n = 0; n < Number(count) / PARTS; n++) await handler(event, context);
    best = Math.min(best, Number(process.hrtime.bigint() - start) / 1e3 / (Number(count) / PARTS));
  }
  write(String(best));
  process.exit(0);
})();
