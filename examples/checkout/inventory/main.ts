/** The inventory service: a container that takes messages in rounds, as many as have come since the last one. */
import { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient, type Message } from "@aws-sdk/client-sqs";
import { traced, tracedClient } from "hopscope";
import { setTimeout as pause } from "node:timers/promises";
import { Stock, type StockChange } from "./stock.ts";

const QueueUrl = process.env["INVENTORY_QUEUE_URL"];
/** The warehouse's own system is slow to wake: one round every so often. */
const ROUND_EVERY_MS = Number(process.env["INVENTORY_ROUND_MS"] ?? 5_000);
const BATCH_SIZE = 10;

const sqs = tracedClient(new SQSClient({}));
const stock = new Stock();
const stopping = new AbortController();
process.once("SIGTERM", () => stopping.abort());

const reserve = traced.each((message: Message) => {
  const change = JSON.parse(message.Body ?? "") as StockChange;
  stock.apply(change);
  console.log(`order ${change.id} ${change.kind ?? "reserve"}: ${stock.free(change.sku)} ${change.sku} left`);
});

while (!stopping.signal.aborted) {
  try {
    await pause(ROUND_EVERY_MS, undefined, { signal: stopping.signal });
    await takeRound();
  } catch (error) {
    if (!stopping.signal.aborted) console.error(error);
  }
}

/** Handles a batch and deletes what succeeded; the rest becomes visible again by itself. */
async function takeRound(): Promise<void> {
  const receive = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: BATCH_SIZE, WaitTimeSeconds: 20 });
  const { Messages: messages = [] } = await sqs.send(receive, { abortSignal: stopping.signal });
  if (messages.length === 0) return;
  const { batchItemFailures } = await reserve(messages);
  const failed = new Set(batchItemFailures.map((failure) => failure.itemIdentifier));
  const Entries = messages
    .filter((message) => !failed.has(message.MessageId ?? ""))
    .map((message, index) => ({ Id: String(index), ReceiptHandle: message.ReceiptHandle }));
  if (Entries.length > 0) await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
}
