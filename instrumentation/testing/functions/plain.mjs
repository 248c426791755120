/** A handler that knows nothing of tracing. */
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";

const sqs = new SQSClient({ md5: false });

export const handler = async (event) => {
  await sqs.send(new SendMessageCommand({ QueueUrl: process.env.QUEUE_URL, MessageBody: "order" }));
  return { statusCode: 200, body: event.rawPath };
};
