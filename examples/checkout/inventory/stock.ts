/** A message to the inventory: an order from the topic reserves (it has no `kind`), a cancelled one releases. */
export interface StockChange {
  readonly kind?: "release";
  /** The order's id. */
  readonly id: string;
  readonly sku: string;
  readonly quantity: number;
}

/** Units of a product when the shop opens, and after each delivery. */
const UNITS_DELIVERED = 500;

/** Orders whose reservation is remembered; a cancellation comes seconds after its order. */
const ORDERS_REMEMBERED_MAX = 10_000;

/** What lies in the warehouse, and what of it is promised to whom. */
export class Stock {
  readonly #free = new Map<string, number>();
  readonly #reserved = new Map<string, StockChange>();

  /** Applies a change once, however often its message comes. */
  apply(change: StockChange): void {
    if (change.kind === "release") this.#release(change);
    else this.#reserve(change);
  }

  /** Units of a product that nobody has reserved. */
  free(sku: string): number {
    return this.#free.get(sku) ?? UNITS_DELIVERED;
  }

  #reserve(change: StockChange): void {
    if (this.#reserved.has(change.id)) return;
    const free = this.free(change.sku);
    const restocked = free < change.quantity ? free + UNITS_DELIVERED : free;
    this.#free.set(change.sku, restocked - change.quantity);
    this.#reserved.set(change.id, change);
    this.#forgetOldest();
  }

  #forgetOldest(): void {
    if (this.#reserved.size <= ORDERS_REMEMBERED_MAX) return;
    const oldest = this.#reserved.keys().next();
    if (!oldest.done) this.#reserved.delete(oldest.value);
  }

  #release(change: StockChange): void {
    if (this.#reserved.delete(change.id)) this.#free.set(change.sku, this.free(change.sku) + change.quantity);
  }
}
