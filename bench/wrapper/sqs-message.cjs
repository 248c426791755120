/** An invocation with one SQS message, as AWS shows it, that carries a trace. */
const record = {
  messageId: "059f36b4-87a3-44ab-83d2-661975830a7d",
  receiptHandle: "r",
  body: "Test message.",
  attributes: { ApproximateReceiveCount: "1", SentTimestamp: "1545082649183" },
  messageAttributes: {
    traceparent: { stringValue: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", dataType: "String" },
  },
  md5OfBody: "e4e68fb7bd0e697a0ae8f1bb342846b3",
  eventSource: "aws:sqs",
  eventSourceARN: "arn:aws:sqs:us-east-2:123456789012:my-queue",
};
exports.event = { Records: [record] };
exports.context = {
  awsRequestId: "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
  functionName: "bench",
  invokedFunctionArn: "arn:aws:lambda:us-east-2:123456789012:function:bench",
  getRemainingTimeInMillis: () => 3000,
};
