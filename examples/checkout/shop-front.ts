import type { TestCard } from "./payment-gateway.ts";

/** Customers at the shop front, in milliseconds between them. */
const ORDER_EVERY_MS = 2_000;
/** Every so many orders, several customers come at once. */
const BURST_EVERY = 10;
const BURST_SIZE = 5;

const PRODUCTS = [
  { sku: "green-tea", priceCents: 450 },
  { sku: "teapot", priceCents: 3_900 },
  { sku: "cup", priceCents: 1_200 },
] as const;

/** Which orders meet which card, by their number: the first that matches. The second order is retried already. */
const UNUSUAL_CARDS: readonly { readonly every: number; readonly at: number; readonly card: TestCard }[] = [
  { every: 12, at: 4, card: "tok_insufficient_funds" },
  { every: 11, at: 7, card: "tok_declined_twice" },
  { every: 13, at: 9, card: "tok_silent_once" },
  { every: 7, at: 3, card: "tok_slow_bank" },
  { every: 5, at: 1, card: "tok_declined_once" },
];

/** Of so many customers, those from the one to the other come while the issuers are hardly to be reached. */
const OUTAGE = { every: 350, from: 60, to: 160 } as const;

/** The card of the customer with this number, counted from 0. */
export function cardOfCustomer(number: number): TestCard {
  const turn = number % OUTAGE.every;
  // Two minutes in which most payments fail at first: what an alert is for, and gone before anybody looks.
  if (turn >= OUTAGE.from && turn < OUTAGE.to) return "tok_declined_twice";
  return UNUSUAL_CARDS.find(({ every, at }) => number % every === at)?.card ?? "tok_visa";
}

/** The order of the customer with this number. */
export function orderOfCustomer(number: number): Record<string, unknown> {
  const { sku, priceCents } = PRODUCTS[number % PRODUCTS.length] ?? PRODUCTS[0];
  const quantity = 1 + (number % 3);
  return { sku, quantity, amountCents: quantity * priceCents, paymentToken: cardOfCustomer(number) };
}

/** Sends orders to the API, one after the other and now and then several at once, until stopped. */
export function startShopFront(apiUrl: string, log: (line: string) => void): { stop(): void } {
  let customers = 0;
  const order = (): void => {
    const number = customers++;
    fetch(`${apiUrl}/orders`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(orderOfCustomer(number)),
    }).then(
      async (response) => log(`customer ${number}: ${response.status} ${await response.text()}`),
      (error: unknown) => log(`customer ${number}: ${String(error)}`),
    );
  };
  const timer = setInterval(() => {
    const burst = customers % BURST_EVERY === BURST_EVERY - 1;
    for (let i = 0; i < (burst ? BURST_SIZE : 1); i++) order();
  }, ORDER_EVERY_MS);
  order();
  return { stop: () => clearInterval(timer) };
}
