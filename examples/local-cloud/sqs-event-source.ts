import { DeleteMessageBatchCommand, ReceiveMessageCommand, type Message, type SQSClient } from "@aws-sdk/client-sqs";
import { setTimeout as delay } from "node:timers/promises";
import { handledMessageIds } from "./batch-response.ts";
import type { LambdaFunction } from "./lambda-function.ts";
import { toSqsRecord } from "./sqs-record.ts";

/** Which queue feeds which function, and how: the names of Lambda's own settings. */
export interface SqsEventSourceOptions {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly queueArn: string;
  readonly target: Pick<LambdaFunction, "name" | "invoke">;
  /** 1 to 10; default 10. */
  readonly batchSize?: number;
  /** How long to wait for a batch to fill after its first message; default 0. */
  readonly batchingWindowMs?: number;
  /** Whether the function says which of its messages failed. */
  readonly reportBatchItemFailures?: boolean;
  /** Batches handled at once; Lambda starts with five. Default 5. */
  readonly concurrency?: number;
  /** Gets a line when the queue cannot be reached. */
  readonly log?: (line: string) => void;
}

/** A running event source. */
export interface SqsEventSource {
  /** Stops polling; resolves when the batches under way are done. */
  stop(): Promise<void>;
}

const LONG_POLL_S = 20;
/** Between attempts while the queue cannot be reached. */
const RETRY_MS = 500;

/**
 * Polls a queue and invokes a function with what comes, as Lambda's event source mapping for SQS does: messages
 * that were handled are deleted, the others stay until their visibility timeout ends, and the queue's redrive
 * policy moves those received too often.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
 */
export function startSqsEventSource(options: SqsEventSourceOptions): SqsEventSource {
  const stopping = new AbortController();
  const pollers = Array.from({ length: options.concurrency ?? 5 }, () => poll(options, stopping.signal));
  return {
    async stop() {
      stopping.abort();
      await Promise.all(pollers);
    },
  };
}

async function poll(options: SqsEventSourceOptions, stopping: AbortSignal): Promise<void> {
  while (!stopping.aborted) {
    try {
      const batch = await receiveBatch(options, stopping);
      if (batch.length > 0) await handleBatch(options, batch);
    } catch (error) {
      if (stopping.aborted) return;
      options.log?.(`${options.queueUrl}: ${error instanceof Error ? error.message : String(error)}`);
      await delay(RETRY_MS, undefined, { signal: stopping }).catch(() => undefined);
    }
  }
}

/** The first messages to come, and what follows within the batching window. */
async function receiveBatch(options: SqsEventSourceOptions, stopping: AbortSignal): Promise<Message[]> {
  const { batchSize = 10, batchingWindowMs = 0 } = options;
  const batch = await receive(options, batchSize, LONG_POLL_S, stopping);
  const fullBy = Date.now() + batchingWindowMs;
  while (batch.length > 0 && batch.length < batchSize && Date.now() < fullBy) {
    // The API waits in whole seconds; the last part of the window is polled briefly.
    const waitS = Math.floor((fullBy - Date.now()) / 1000);
    const more = await receive(options, batchSize - batch.length, waitS, stopping);
    if (more.length === 0 && waitS === 0) break;
    batch.push(...more);
  }
  return batch;
}

async function receive(
  options: SqsEventSourceOptions,
  max: number,
  waitS: number,
  abortSignal: AbortSignal,
): Promise<Message[]> {
  const command = new ReceiveMessageCommand({
    QueueUrl: options.queueUrl,
    MaxNumberOfMessages: max,
    WaitTimeSeconds: waitS,
    MessageAttributeNames: ["All"],
    MessageSystemAttributeNames: ["All"],
  });
  return (await options.client.send(command, { abortSignal })).Messages ?? [];
}

async function handleBatch(options: SqsEventSourceOptions, batch: readonly Message[]): Promise<void> {
  const records = batch.map((message) => toSqsRecord(message, options.queueArn));
  const outcome = await options.target.invoke({ Records: records });
  const ids = records.map((record) => record.messageId);
  const handled = new Set(handledMessageIds(outcome, ids, options.reportBatchItemFailures ?? false));
  const Entries = records
    .filter((record) => handled.has(record.messageId))
    .map((record, index) => ({ Id: String(index), ReceiptHandle: record.receiptHandle }));
  if (Entries.length > 0) {
    await options.client.send(new DeleteMessageBatchCommand({ QueueUrl: options.queueUrl, Entries }));
  }
}
