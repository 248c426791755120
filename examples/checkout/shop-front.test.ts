import { expect, it } from "vitest";
import { parseOrder } from "./order.ts";
import { TEST_CARDS } from "./payment-gateway.ts";
import { cardOfCustomer, orderOfCustomer } from "./shop-front.ts";

const CUSTOMERS = Array.from({ length: 60 }, (_, number) => number);

it("sends orders that the API takes", () => {
  for (const number of CUSTOMERS) expect(() => parseOrder(JSON.stringify(orderOfCustomer(number)))).not.toThrow();
});

it("shows every kind of card within two minutes, and a retry at once", () => {
  expect(new Set(CUSTOMERS.map(cardOfCustomer))).toEqual(new Set(Object.keys(TEST_CARDS)));
  expect(cardOfCustomer(1)).toBe("tok_declined_once");
});

it("pays most orders at the first attempt", () => {
  const smooth = CUSTOMERS.filter((number) => TEST_CARDS[cardOfCustomer(number)].failures === 0);
  expect(smooth.length / CUSTOMERS.length).toBeGreaterThan(0.6);
});
