import { describe, expect, it } from "vitest";
import { parseOrder } from "./order.ts";

const order = { sku: "tea", quantity: 2, amountCents: 900, paymentToken: "tok_visa" };

describe("an order", () => {
  it("is read from the request's body", () => {
    expect(parseOrder(JSON.stringify({ ...order, extra: true }))).toEqual(order);
  });

  it.for([
    ["{", /not JSON/],
    ["null", /sku is missing/],
    [JSON.stringify({ ...order, sku: "" }), /sku is missing/],
    [JSON.stringify({ ...order, paymentToken: 1 }), /paymentToken is missing/],
    [JSON.stringify({ ...order, quantity: 0 }), /quantity must be 1 to 20/],
    [JSON.stringify({ ...order, quantity: 1.5 }), /quantity must be 1 to 20/],
    [JSON.stringify({ ...order, amountCents: -1 }), /amountCents must be positive/],
  ] as const)("that is wrong is refused, and says why: %s", ([body, reason]) => {
    expect(() => parseOrder(body)).toThrow(reason);
  });
});
