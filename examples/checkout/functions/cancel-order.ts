import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { traced, tracedClient } from "hopscope";
import { unwrapSns, type SqsEvent } from "../aws-events.ts";
import type { StockChange } from "../inventory/stock.ts";
import type { Order } from "../order.ts";

const sqs = tracedClient(new SQSClient({}));

/** Takes orders that could not be paid from the dead-letter queue and gives back what was reserved for them. */
export const handler = traced(async (event: SqsEvent) => {
  for (const record of event.Records) {
    const { id, sku, quantity } = unwrapSns<Order>(record);
    const release: StockChange = { kind: "release", id, sku, quantity };
    await sqs.send(
      new SendMessageCommand({ QueueUrl: process.env["INVENTORY_QUEUE_URL"], MessageBody: JSON.stringify(release) }),
    );
    console.log(`order ${id} cancelled: its payment failed for good`);
  }
});
