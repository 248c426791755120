import { traced, tracedClient } from "hopscope";

const handler = async () => 1;
const client = { middlewareStack: { add: () => console.log("touched") } };
tracedClient(client);
let handled = 0;
await traced.each(async () => (handled += 1))({ Records: [{}, {}] });
console.log(traced(handler) === handler, handled);
