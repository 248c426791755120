import { randomUUID } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** How the gateway treats one kind of card. */
interface CardBehaviour {
  /** Why it declines; absent where it never does. */
  readonly reason?: string;
  /** Attempts that it declines (or leaves unanswered) before it accepts. */
  readonly failures: number;
  /** How long the bank takes, milliseconds. */
  readonly delayMs: number;
  /** It does not decline: it says nothing at all. */
  readonly silent?: true;
}

/** Test cards, as payment gateways have them; any other token is a good card. */
export const TEST_CARDS = {
  tok_visa: { failures: 0, delayMs: 40 },
  tok_slow_bank: { failures: 0, delayMs: 700 },
  tok_declined_once: { reason: "try_again_later", failures: 1, delayMs: 60 },
  tok_declined_twice: { reason: "issuer_not_available", failures: 2, delayMs: 60 },
  tok_insufficient_funds: { reason: "insufficient_funds", failures: Infinity, delayMs: 60 },
  tok_silent_once: { failures: 1, delayMs: 60, silent: true },
} as const satisfies Record<string, CardBehaviour>;

/** A token of {@link TEST_CARDS}. */
export type TestCard = keyof typeof TEST_CARDS;

/** Orders whose attempts are remembered. */
const ORDERS_REMEMBERED_MAX = 10_000;
const REQUEST_BYTES_MAX = 64 * 1024;

/** Stands for a payment provider out in the world: an HTTP service that knows nothing of tracing. */
export async function startPaymentGateway(): Promise<{ readonly url: string; stop(): void }> {
  const attempts = new Map<string, number>();

  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => {
      body += chunk;
      if (body.length > REQUEST_BYTES_MAX) request.destroy();
    });
    request.on("end", () => {
      const key = String(request.headers["idempotency-key"]);
      const attempt = (attempts.get(key) ?? 0) + 1;
      attempts.set(key, attempt);
      forgetOldest(attempts);
      answer(response, cardOf(body), attempt);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function cardOf(body: string): CardBehaviour {
  try {
    const { token } = JSON.parse(body) as { token?: string };
    return TEST_CARDS[token as TestCard] ?? TEST_CARDS.tok_visa;
  } catch {
    return TEST_CARDS.tok_visa;
  }
}

function answer(response: ServerResponse, card: CardBehaviour, attempt: number): void {
  const failing = attempt <= card.failures;
  if (failing && card.silent === true) return;
  setTimeout(() => {
    response.writeHead(failing ? 402 : 201, { "content-type": "application/json" });
    response.end(JSON.stringify(failing ? { reason: card.reason } : { id: `ch_${randomUUID().slice(0, 8)}` }));
  }, card.delayMs);
}

function forgetOldest(attempts: Map<string, number>): void {
  if (attempts.size <= ORDERS_REMEMBERED_MAX) return;
  const oldest = attempts.keys().next();
  if (!oldest.done) attempts.delete(oldest.value);
}
