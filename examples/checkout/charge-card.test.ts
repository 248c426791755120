import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { CardDeclinedError, chargeCard, GatewayTimeoutError } from "./charge-card.ts";
import { startPaymentGateway, type TestCard } from "./payment-gateway.ts";

let gateway: Awaited<ReturnType<typeof startPaymentGateway>>;
beforeAll(async () => {
  gateway = await startPaymentGateway();
  vi.stubEnv("PAYMENT_GATEWAY_URL", gateway.url);
});
afterEach(() => void (orders += 1));
afterAll(() => {
  vi.unstubAllEnvs();
  gateway.stop();
});

let orders = 0;
const charge = (paymentToken: TestCard): Promise<string> =>
  chargeCard({ id: `order-${String(orders)}`, sku: "tea", quantity: 1, amountCents: 450, paymentToken });

describe("charging a card", () => {
  it.for(["tok_visa", "tok_slow_bank"] as const)("of a good customer (%s) goes through", async (token) => {
    expect(await charge(token)).toMatch(/^ch_/);
  });

  it.for([
    ["tok_declined_once", 1, "card declined: try_again_later"],
    ["tok_declined_twice", 2, "card declined: issuer_not_available"],
  ] as const)("that is declined for a while (%s) goes through in the end", async ([token, failures, message]) => {
    for (let attempt = 1; attempt <= failures; attempt++) {
      await expect(charge(token)).rejects.toThrow(new CardDeclinedError(message));
    }
    expect(await charge(token)).toMatch(/^ch_/);
  });

  it("without funds is declined however often it is tried", async () => {
    for (let attempt = 1; attempt <= 4; attempt++) {
      await expect(charge("tok_insufficient_funds")).rejects.toThrow("insufficient_funds");
    }
  });

  it("does not wait for a gateway that says nothing", async () => {
    await expect(charge("tok_silent_once")).rejects.toBeInstanceOf(GatewayTimeoutError);
    expect(await charge("tok_silent_once")).toMatch(/^ch_/);
  });
});
