import http from "node:http";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { context, propagation } from "@opentelemetry/api";
import { traced, tracedClient } from "hopscope";

const out = {};
const server = http.createServer((request, response) => {
  let body = "";
  request.on("data", (chunk) => (body += chunk));
  request.on("end", () => {
    if (request.headers["x-amz-target"]) out.sent = JSON.parse(body).MessageAttributes.baggage.StringValue;
    else out.fetched = request.headers.baggage;
    response.writeHead(200, { "content-type": "application/x-amz-json-1.0" }).end("{}");
  });
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const endpoint = `http://127.0.0.1:${server.address().port}`;
const credentials = { accessKeyId: "local", secretAccessKey: "local" };
const sqs = tracedClient(new SQSClient({ endpoint, region: "us-east-1", credentials, md5: false }));

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const tier = () => propagation.getActiveBaggage()?.getEntry("tier")?.value ?? "none";
const message = (MessageId, baggage) => ({
  MessageId,
  ReceiptHandle: "r",
  Body: "b",
  MessageAttributes: Object.fromEntries(
    Object.entries({ traceparent, ...(baggage && { baggage }) }).map(([name, StringValue]) => [name, { StringValue }]),
  ),
});

await traced(async () => {
  out.request = tier();
  const more = propagation.getActiveBaggage().setEntry("step", { value: "2" });
  await context.with(propagation.setBaggage(context.active(), more), async () => {
    await (await fetch(endpoint)).text();
    await sqs.send(new SendMessageCommand({ QueueUrl: `${endpoint}/1/q`, MessageBody: "b" }));
  });
})({ requestContext: { http: { method: "GET" } }, headers: { Traceparent: traceparent, Baggage: "tier=gold" } });
await traced(async () => (out.alone = tier()))([message("1", "tier=silver")]);
const tiers = {};
await traced.each(async ({ MessageId }) => (tiers[MessageId] = tier()))([message("1", "tier=bronze"), message("2")]);
out.batch = Object.values(tiers);
server.closeAllConnections();
server.close();
console.log(JSON.stringify(out));
