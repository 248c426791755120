import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { traced, tracedClient } from "hopscope";
import { randomUUID } from "node:crypto";
import type { HttpEvent, HttpResult } from "../aws-events.ts";
import { InvalidOrderError, parseOrder, type Order } from "../order.ts";

const sns = tracedClient(new SNSClient({}));

/** POST /orders: takes an order and tells whom it may concern. */
export const handler = traced(async (event: HttpEvent): Promise<HttpResult> => {
  try {
    const order: Order = { id: randomUUID(), ...parseOrder(event.body ?? "") };
    await sns.send(new PublishCommand({ TopicArn: process.env["ORDERS_TOPIC_ARN"], Message: JSON.stringify(order) }));
    return json(202, { orderId: order.id });
  } catch (error) {
    if (error instanceof InvalidOrderError) return json(400, { message: error.message });
    throw error;
  }
});

function json(statusCode: number, body: unknown): HttpResult {
  return { statusCode, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}
