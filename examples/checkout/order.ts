/** An order as it travels from the API through the topic to payment and inventory. */
export interface Order {
  readonly id: string;
  readonly sku: string;
  readonly quantity: number;
  readonly amountCents: number;
  /** Stands for the customer's card at the payment gateway. */
  readonly paymentToken: string;
}

/** What a customer may order at once. */
const QUANTITY_MAX = 20;

/** A request body that is no order. */
export class InvalidOrderError extends Error {
  override readonly name = "InvalidOrderError";
}

/** Reads an order without its id. Throws {@link InvalidOrderError} that names the member at fault. */
export function parseOrder(body: string): Omit<Order, "id"> {
  let given: Partial<Record<keyof Order, unknown>>;
  try {
    given = (JSON.parse(body) ?? {}) as typeof given;
  } catch {
    throw new InvalidOrderError("the body is not JSON");
  }
  const { sku, quantity, amountCents, paymentToken } = given;
  if (typeof sku !== "string" || sku === "") throw new InvalidOrderError("sku is missing");
  if (typeof paymentToken !== "string" || paymentToken === "") throw new InvalidOrderError("paymentToken is missing");
  if (!isIntegerIn(quantity, 1, QUANTITY_MAX)) throw new InvalidOrderError(`quantity must be 1 to ${QUANTITY_MAX}`);
  if (!isIntegerIn(amountCents, 1, Number.MAX_SAFE_INTEGER)) throw new InvalidOrderError("amountCents must be positive");
  return { sku, quantity, amountCents, paymentToken };
}

function isIntegerIn(value: unknown, min: number, max: number): value is number {
  return Number.isInteger(value) && Number(value) >= min && Number(value) <= max;
}
