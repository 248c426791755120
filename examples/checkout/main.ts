/**
 * The checkout example: a small shop on this machine whose orders can be followed in Hopscope.
 *
 *   OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 node examples/checkout/main.ts [--verbose]
 *
 * `--verbose` prints the logs of functions and container.
 */
import { endWithParent } from "./end-with-parent.ts";
import { startShopFront } from "./shop-front.ts";
import { startCheckout } from "./start-checkout.ts";

const DEFAULT_ENDPOINT = "http://localhost:4318";
/** What is not ended by then is killed with this process. */
const STOP_LIMIT_MS = 900;

const say = (line: string): void => void process.stdout.write(`checkout: ${line}\n`);
const verbose = process.argv.includes("--verbose");
const log = verbose ? (line: string): void => void process.stdout.write(`${line}\n`) : (): void => undefined;
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

const endpoint = process.env["OTEL_EXPORTER_OTLP_ENDPOINT"] ?? DEFAULT_ENDPOINT;
const warn = (line: string): void => void process.stderr.write(`checkout: ${line}\n`);
const starting = startCheckout({ otlpEndpoint: endpoint, log, warn });
let front: ReturnType<typeof startShopFront> | undefined;

endWithParent(() => {
  setTimeout(() => process.exit(0), STOP_LIMIT_MS);
  front?.stop();
  starting
    .then((checkout) => checkout.stop())
    .then(
      () => process.exit(0),
      () => process.exit(1),
    );
});

try {
  const checkout = await starting;
  front = startShopFront(checkout.url, log);
  say("POST /orders -> topic orders -> queue checkout-payments (dead letters: checkout-payments-dlq)");
  say("                            -> queue checkout-inventory (raw, taken in batches)");
  say(`functions run under ${checkout.runtime}, frozen between invocations; spans go to ${endpoint}`);
  say(`the shop front sends an order every two seconds, five now and then, to ${checkout.url}/orders`);
} catch (error) {
  warn(`could not start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
