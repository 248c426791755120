/** The same handler, wrapped by hand. */
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { traced, tracedClient } from "hopscope";

const sqs = tracedClient(new SQSClient({ md5: false }));

export const handler = traced(async (event) => {
  await sqs.send(new SendMessageCommand({ QueueUrl: process.env.QUEUE_URL, MessageBody: "order" }));
  return { statusCode: 200, body: event.rawPath };
});
