import type { Order } from "./order.ts";

/** Charges usually take 50 ms; a gateway that is silent for this long is given up. */
const GATEWAY_LIMIT_MS = 1_000;

/** The bank said no. */
export class CardDeclinedError extends Error {
  override readonly name = "CardDeclinedError";
}

/** The payment gateway did not answer in time. */
export class GatewayTimeoutError extends Error {
  override readonly name = "GatewayTimeoutError";
}

/** Charges an order's card, once however often it is called for the same order. Resolves to the charge's id. */
export async function chargeCard(order: Order): Promise<string> {
  const response = await fetch(`${process.env["PAYMENT_GATEWAY_URL"]}/charges`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": order.id },
    body: JSON.stringify({ amountCents: order.amountCents, token: order.paymentToken }),
    signal: AbortSignal.timeout(GATEWAY_LIMIT_MS),
  }).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === "TimeoutError") {
      throw new GatewayTimeoutError(`no answer from the payment gateway within ${GATEWAY_LIMIT_MS} ms`);
    }
    throw error;
  });
  const answer = (await response.json()) as { id?: string; reason?: string };
  if (response.ok && answer.id !== undefined) return answer.id;
  throw new CardDeclinedError(`card declined: ${answer.reason ?? `status ${response.status}`}`);
}
