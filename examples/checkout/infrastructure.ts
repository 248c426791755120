import type { SNSClient} from "@aws-sdk/client-sns";
import { CreateTopicCommand, SubscribeCommand } from "@aws-sdk/client-sns";
import type { SQSClient } from "@aws-sdk/client-sqs";
import { CreateQueueCommand, GetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import type { LocalAws } from "@hopscope/local-cloud/start-aws";

/** A queue, by the two names that AWS has for one. */
export interface Queue {
  readonly url: string;
  readonly arn: string;
}

/** What an infrastructure-as-code tool would create. */
export interface Infrastructure {
  readonly ordersTopicArn: string;
  readonly payments: Queue;
  readonly deadPayments: Queue;
  readonly inventory: Queue;
}

/** Deliveries of a payment before it is a dead letter. */
const PAYMENT_ATTEMPTS_MAX = 3;

/**
 * Creates the topic `orders` and its two subscriptions: `checkout-payments` gets messages in SNS's envelope and has a
 * dead-letter queue; `checkout-inventory` gets them raw.
 */
export async function createInfrastructure(
  aws: LocalAws,
  clients: { readonly sns: SNSClient; readonly sqs: SQSClient },
  visibilityTimeoutS: number,
): Promise<Infrastructure> {
  const { sns, sqs } = clients;

  async function createQueue(name: string, attributes: Record<string, string> = {}): Promise<Queue> {
    const Attributes = { VisibilityTimeout: String(visibilityTimeoutS), ...attributes };
    await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes }));
    const url = aws.queueUrl(name);
    const answer = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["QueueArn"] }));
    return { url, arn: answer.Attributes?.QueueArn ?? "" };
  }

  const deadPayments = await createQueue("checkout-payments-dlq");
  const payments = await createQueue("checkout-payments", {
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: deadPayments.arn, maxReceiveCount: PAYMENT_ATTEMPTS_MAX }),
  });
  const inventory = await createQueue("checkout-inventory");

  const { TopicArn = "" } = await sns.send(new CreateTopicCommand({ Name: "orders" }));
  const subscription = { TopicArn, Protocol: "sqs" };
  await sns.send(new SubscribeCommand({ ...subscription, Endpoint: payments.arn }));
  const raw = { RawMessageDelivery: "true" };
  await sns.send(new SubscribeCommand({ ...subscription, Endpoint: inventory.arn, Attributes: raw }));
  return { ordersTopicArn: TopicArn, payments, deadPayments, inventory };
}
