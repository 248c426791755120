/** A handler that knows nothing of tracing, in CommonJS. */
const { SendMessageCommand, SQSClient } = require("@aws-sdk/client-sqs");

const sqs = new SQSClient({ md5: false });

exports.handler = async (event) => {
  await sqs.send(new SendMessageCommand({ QueueUrl: process.env.QUEUE_URL, MessageBody: "order" }));
  return { statusCode: 200, body: event.rawPath };
};
