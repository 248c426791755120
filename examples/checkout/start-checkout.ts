import { SNSClient } from "@aws-sdk/client-sns";
import { SQSClient } from "@aws-sdk/client-sqs";
import { startContainer } from "@hopscope/local-cloud/container";
import { startHttpGateway } from "@hopscope/local-cloud/http-gateway";
import type { LambdaFunction } from "@hopscope/local-cloud/lambda-function";
import { startSqsEventSource } from "@hopscope/local-cloud/sqs-event-source";
import { startAws } from "@hopscope/local-cloud/start-aws";
import { fileURLToPath } from "node:url";
import { createInfrastructure } from "./infrastructure.ts";
import { startPaymentGateway } from "./payment-gateway.ts";
import { startFunctions } from "./start-functions.ts";

/** How to run the shop. */
export interface CheckoutOptions {
  /** Where functions and container send their spans: `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly otlpEndpoint: string;
  /** How long a message is hidden after a failed attempt, whole seconds. Default 4. */
  readonly visibilityTimeoutS?: number;
  /** Between two rounds of the inventory, milliseconds. Default 5,000. */
  readonly inventoryRoundMs?: number;
  /** Gets each line that a function, the platform or the container writes. */
  readonly log?: (line: string) => void;
  /** Gets a line when a part of the shop fails that should not; `log` unless given. */
  readonly warn?: (line: string) => void;
}

/** A shop that is open. */
export interface Checkout {
  /** Of the HTTP API: `POST /orders`. */
  readonly url: string;
  /** What the functions run under. */
  readonly runtime: LambdaFunction["runtime"];
  /** Ends everything, frozen functions included, within a second. */
  stop(): Promise<void>;
}

/** What the container is given to send its last spans. */
const CONTAINER_GRACE_MS = 600;
/** Variables of this process that functions and container see, besides their own. */
const PASSED_ON = /^(OTEL_|HOPSCOPE_)/;
/** Payments charged at once. */
const PAYMENT_CONCURRENCY = 3;

/**
 * Opens the shop on this machine: topic and queues, a payment gateway, three functions with their event sources, the
 * inventory container and the HTTP API. Where a part does not start, ends those that did and rejects.
 */
export async function startCheckout(options: CheckoutOptions): Promise<Checkout> {
  const { log = () => undefined, warn = log } = options;
  const closers: (() => unknown)[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(closers.splice(0).map((close) => close()));
  };
  try {
    return { ...(await open({ ...options, log, warn }, closers)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function open(
  options: CheckoutOptions & Required<Pick<CheckoutOptions, "log" | "warn">>,
  closers: (() => unknown)[],
): Promise<Omit<Checkout, "stop">> {
  const { log, warn } = options;
  const aws = await startAws();
  closers.push(() => aws.stop());
  const { AWS_REGION: region = "" } = aws.env;
  const config = { endpoint: aws.endpoint, region, credentials: { accessKeyId: "local", secretAccessKey: "local" } };
  const clients = { sns: new SNSClient(config), sqs: new SQSClient(config) };
  const queues = await createInfrastructure(aws, clients, options.visibilityTimeoutS ?? 4);
  const paymentGateway = await startPaymentGateway();
  closers.push(() => paymentGateway.stop());

  const environmentOf = (service: string): Record<string, string> => ({
    ...passedOn(process.env),
    ...aws.env,
    OTEL_EXPORTER_OTLP_ENDPOINT: options.otlpEndpoint,
    OTEL_SERVICE_NAME: service,
    ORDERS_TOPIC_ARN: queues.ordersTopicArn,
    INVENTORY_QUEUE_URL: queues.inventory.url,
    INVENTORY_ROUND_MS: String(options.inventoryRoundMs ?? 5_000),
    PAYMENT_GATEWAY_URL: paymentGateway.url,
  });

  const functions = await startFunctions(environmentOf, log);
  const payments = startSqsEventSource({
    client: clients.sqs,
    queueUrl: queues.payments.url,
    queueArn: queues.payments.arn,
    target: functions.payment,
    batchSize: 5,
    reportBatchItemFailures: true,
    concurrency: PAYMENT_CONCURRENCY,
    log: warn,
  });
  const deadPayments = startSqsEventSource({
    client: clients.sqs,
    queueUrl: queues.deadPayments.url,
    queueArn: queues.deadPayments.arn,
    target: functions.cancelOrder,
    batchSize: 1,
    concurrency: 1,
    log: warn,
  });
  // The functions end first, so that no event source waits for an invocation.
  closers.push(async () => {
    const stopped = [functions.stop(), payments.stop(), deadPayments.stop()];
    await Promise.all(stopped);
  });

  const inventory = startContainer({
    script: fileURLToPath(new URL("inventory/main.ts", import.meta.url)),
    env: environmentOf("checkout-inventory"),
    log: (text) => log(`checkout-inventory: ${text.trimEnd()}`),
    onExit: (why) => warn(`the inventory container ended: ${why}`),
  });
  closers.push(() => inventory.stop(CONTAINER_GRACE_MS));

  const api = await startHttpGateway({ "POST /orders": functions.api });
  closers.push(() => api.stop());
  return { url: api.url, runtime: functions.api.runtime };
}

function passedOn(variables: NodeJS.ProcessEnv): Record<string, string> {
  const entries = Object.entries(variables).filter(([name, value]) => PASSED_ON.test(name) && value !== undefined);
  return Object.fromEntries(entries) as Record<string, string>;
}
