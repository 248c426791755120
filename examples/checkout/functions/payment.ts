import { traced } from "hopscope";
import { unwrapSns, type SqsRecord } from "../aws-events.ts";
import { chargeCard } from "../charge-card.ts";
import type { Order } from "../order.ts";

/** Charges the customer's card for each order; an order that fails comes again, and in the end is a dead letter. */
export const handler = traced.each(async (record: SqsRecord) => {
  const order = unwrapSns<Order>(record);
  const chargeId = await chargeCard(order);
  console.log(`order ${order.id} paid by charge ${chargeId}`);
});
