import { traced } from "hopscope";

const handler = traced(async function handler() {
  console.log("charged %s %d times", "ada", 2);
  console.info("100%s sure");
  console.warn({ order: 7 });
  console.error(new RangeError("no stock"));
  console.log('{"order":7,"big":12345678901234567890}');
  console.log("{}");
  console.log('{"trace_id":"mine"}');
  console.log("{ not json }");
  console.log();
});
console.log("outside");
await new Promise(setImmediate);
await handler();
console.log("afterwards");
