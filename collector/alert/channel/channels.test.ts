/** Channels against real receivers on loopback: an HTTP server, an SMTP server, SNS and SQS. */
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { ChannelInput } from "../../../schema/alert-rules.ts";
import { SMTPServer } from "smtp-server";
import { afterEach, describe, expect, it } from "vitest";
import type { AlertMessage } from "../message/message.ts";
import { testMessage } from "../message/render.ts";
import { checkUrl, isInternalAddress } from "./guard.ts";
import { parseRetryAfter } from "./post.ts";
import { send } from "./send.ts";
import { signWebhook } from "./webhook.ts";

const nowMs = Date.UTC(2026, 10, 20, 12);
const message: AlertMessage = {
  ...testMessage("ops", "http://hop.example", nowMs),
  id: 'r/[["f","é"]]/1#1',
  incident: "r/x/1",
  kind: "firing",
  title: "[FIRING] payment <b>fails</b>",
  alerts: [
    {
      status: "firing",
      condition: "value",
      labels: { function: "<script>pay" },
      since: "2026-11-20T11:55:00.000Z",
      endedAt: null,
      reason: null,
      value: 0.2,
      valueText: "20%",
      normalText: "1%",
      windowEnd: "2026-11-20T12:00:00.000Z",
      flapping: false,
      flows: [
        {
          traceId: "ab".repeat(16),
          url: "http://hop.example/flows/abab",
          at: "2026-11-20T11:59:00.000Z",
          error: "Timeout",
        },
      ],
    },
  ],
};
const options = { allowPrivate: true, nowMs };

interface Received {
  headers: IncomingHttpHeaders;
  body: string;
}
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function receiver(status = 200, headers: Record<string, string> = {}) {
  const received: Received[] = [];
  const server: Server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      received.push({ headers: request.headers, body });
      response.writeHead(status, headers).end("no thanks");
    });
  });
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  closers.push(() => new Promise((settle) => server.close(() => settle())));
  return { received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/T0K3N/hook` };
}

describe("a webhook", () => {
  it("gets versioned JSON with an idempotency key and a signature that can be checked", async () => {
    const { received, url } = await receiver();
    const result = await send(
      { type: "webhook", url, secret: "s3cret", headers: { "X-Team": "shop" } },
      message,
      options,
    );
    expect(result).toEqual({ ok: true });
    const { headers, body } = received[0]!;
    expect(JSON.parse(body)).toMatchObject({ version: 1, id: message.id, kind: "firing" });
    expect(headers["x-team"]).toBe("shop");
    expect(headers["idempotency-key"]).toBe('r/[["f","%C3%A9"]]/1#1');
    const [, timestamp, signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers["hopscope-signature"]))!;
    expect(signature).toBe(signWebhook("s3cret", Number(timestamp), body));
  });

  it("that asks for a pause is given it", async () => {
    const { url } = await receiver(429, { "retry-after": "7" });
    expect(await send({ type: "webhook", url }, message, options)).toMatchObject({ ok: false, retryAfterMs: 7000 });
  });

  it("that redirects is not followed", async () => {
    const target = await receiver();
    const { url } = await receiver(302, { location: target.url });
    expect(await send({ type: "webhook", url }, message, options)).toMatchObject({
      error: expect.stringContaining("not followed"),
    });
    expect(target.received).toEqual([]);
  });

  it("on a private address is refused unless the configuration allows it, and nothing is sent", async () => {
    const { received, url } = await receiver();
    for (const target of [
      url,
      url.replace("127.0.0.1", "localhost"),
      url.replace("127.0.0.1", "[::ffff:127.0.0.1]"),
      url.replace("127.0.0.1", "2130706433"),
    ]) {
      const result = await send({ type: "webhook", url: target }, message, { ...options, allowPrivate: false });
      expect(result).toMatchObject({ ok: false, error: expect.stringContaining("HOPSCOPE_ALERT_ALLOW_PRIVATE") });
    }
    expect(received).toEqual([]);
  });

  it("that fails shows no secret in the error", async () => {
    const url = "ftp://hooks.example/T0K3N";
    const result = await send({ type: "webhook", url, secret: "s3cret" }, message, options);
    expect(JSON.stringify(result)).not.toMatch(/T0K3N|s3cret/);
  });
});

describe("chat channels", () => {
  it("Slack gets blocks with a link to the flow, and its markup escaped", async () => {
    const { received, url } = await receiver();
    expect(await send({ type: "slack", url }, message, options)).toEqual({ ok: true });
    const text = received[0]!.body;
    expect(text).toContain("<http://hop.example/flows/abab|Timeout>");
    expect(text).toContain("&lt;script&gt;pay");
    expect(text).not.toContain("<script>");
  });

  it("Teams gets an adaptive card with a link to the flow", async () => {
    const { received, url } = await receiver();
    expect(await send({ type: "teams", url }, message, options)).toEqual({ ok: true });
    const card = JSON.parse(received[0]!.body).attachments[0];
    expect(card.contentType).toBe("application/vnd.microsoft.card.adaptive");
    expect(JSON.stringify(card)).toContain("[Timeout](http://hop.example/flows/abab)");
  });
});

describe("PagerDuty", () => {
  it("gets trigger and resolve with one deduplication key for an incident", async () => {
    const { received, url } = await receiver(202);
    const channel: ChannelInput = { type: "pagerduty", routingKey: "R0UT1NG", url };
    await send(channel, message, options);
    await send(channel, { ...message, kind: "resolved", id: "other" }, options);
    const [first, second] = received.map((one) => JSON.parse(one.body));
    expect(first).toMatchObject({
      event_action: "trigger",
      dedup_key: "r/x/1",
      routing_key: "R0UT1NG",
      payload: { severity: "info" },
    });
    expect(second).toEqual({ event_action: "resolve", dedup_key: "r/x/1", routing_key: "R0UT1NG" });
  });
});

describe("email", () => {
  it("reaches an SMTP server, messages of one incident in one thread", async () => {
    const mails: string[] = [];
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ["STARTTLS"],
      onData(stream, _session, done) {
        let text = "";
        stream.setEncoding("utf8");
        stream.on("data", (chunk: string) => (text += chunk));
        stream.on("end", () => {
          mails.push(text);
          done();
        });
      },
    });
    await new Promise<void>((settle) => server.listen(0, "127.0.0.1", () => settle()));
    closers.push(() => new Promise((settle) => server.close(() => settle())));
    const { port } = server.server.address() as AddressInfo;
    const channel: ChannelInput = {
      type: "email",
      host: "127.0.0.1",
      port,
      from: "hop@example.com",
      to: ["a@example.com", "b@example.com"],
    };
    expect(await send(channel, message, options)).toEqual({ ok: true });
    expect(await send(channel, { ...message, kind: "resolved", id: "other" }, options)).toEqual({ ok: true });
    expect(mails[0]).toMatch(/^To: a@example\.com, b@example\.com/m);
    expect(mails[0]).toContain("Subject: [FIRING] payment <b>fails</b>");
    const threads = mails.map((mail) => /^In-Reply-To: (.+)$/m.exec(mail)?.[1]);
    expect(threads[0]).toBeDefined();
    expect(threads[0]).toBe(threads[1]);
  });

  it("to a server that is not there fails with the reason", async () => {
    const channel: ChannelInput = {
      type: "email",
      host: "127.0.0.1",
      port: 1,
      from: "hop@example.com",
      to: ["a@example.com"],
    };
    expect(await send(channel, message, options)).toMatchObject({
      ok: false,
      error: expect.stringContaining("ECONNREFUSED"),
    });
  });
});

describe("SNS", () => {
  it("gets the message as JSON, with attributes to filter by", async () => {
    const { startFauxqs } = await import("fauxqs");
    const cloud = await startFauxqs({ port: 0, logger: false });
    closers.push(() => cloud.stop());
    const endpoint = `http://127.0.0.1:${new URL(cloud.address).port}`;
    const before = { ...process.env };
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: "x", AWS_SECRET_ACCESS_KEY: "y" });
    closers.push(async () => {
      process.env = before;
    });
    const { CreateTopicCommand, SNSClient, SubscribeCommand } = await import("@aws-sdk/client-sns");
    const { CreateQueueCommand, ReceiveMessageCommand, SQSClient } = await import("@aws-sdk/client-sqs");
    const sns = new SNSClient({ endpoint, region: "us-east-1" });
    const sqs = new SQSClient({ endpoint, region: "us-east-1" });
    closers.push(async () => {
      sns.destroy();
      sqs.destroy();
    });
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: "alerts" }));
    await sqs.send(new CreateQueueCommand({ QueueName: "alerts" }));
    await sns.send(
      new SubscribeCommand({
        TopicArn,
        Protocol: "sqs",
        Endpoint: "arn:aws:sqs:us-east-1:000000000000:alerts",
        Attributes: { RawMessageDelivery: "true" },
      }),
    );
    expect(await send({ type: "sns", topicArn: TopicArn!, endpoint }, message, options)).toEqual({ ok: true });
    const received = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: `${endpoint}/000000000000/alerts`,
        WaitTimeSeconds: 2,
        MessageAttributeNames: ["All"],
      }),
    );
    const [found] = received.Messages ?? [];
    expect(JSON.parse(found?.Body ?? "")).toMatchObject({ version: 1, id: message.id });
    expect(found?.MessageAttributes?.["severity"]?.StringValue).toBe("info");
    const missing = await send({ type: "sns", topicArn: `${TopicArn!}-gone`, endpoint }, message, options);
    expect(missing).toMatchObject({ ok: false, error: expect.stringContaining("NotFound") });
  });
});

describe("addresses", () => {
  it.for([
    ["127.0.0.1", true],
    ["10.1.2.3", true],
    ["172.31.0.1", true],
    ["192.168.1.1", true],
    ["169.254.169.254", true],
    ["0.0.0.0", true],
    ["100.64.0.1", true],
    ["::1", true],
    ["::", true],
    ["fe80::1", true],
    ["fd00:ec2::254", true],
    ["::ffff:10.0.0.1", true],
    ["::ffff:a00:1", true],
    ["64:ff9b::a00:1", true],
    ["not an address", true],
    ["8.8.8.8", false],
    ["172.32.0.1", false],
    ["2606:4700::1111", false],
    ["::ffff:8.8.8.8", false],
  ] as const)("%s is internal: %s", ([address, inside]) => {
    expect(isInternalAddress(address)).toBe(inside);
  });

  it.for(["file:///etc/passwd", "ftp://a.example", "nonsense", "http://user:pass@a.example"])(
    "%s is no target",
    (url) => {
      expect(() => checkUrl(url)).toThrow(/target/);
    },
  );

  it.for([
    ["3", 3000],
    ["Fri, 20 Nov 2026 12:00:05 GMT", 5000],
    ["99999999", 3_600_000],
    ["soon", undefined],
    ["-5", 0],
  ] as const)("Retry-After %s is %s ms", ([header, ms]) => {
    expect(parseRetryAfter(header, nowMs)).toBe(ms);
  });
});
