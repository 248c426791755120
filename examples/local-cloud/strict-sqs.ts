import type { Emulator } from "./emulator.ts";
import { MESSAGE_ATTRIBUTES_MAX, sqsAttributesProblem, type MessageAttributes } from "./message-attributes.ts";
import { MessageMemory } from "./message-memory.ts";
import { createReceiptHandles } from "./receipt-handle.ts";

interface SentMessage {
  Id?: string;
  MessageAttributes?: MessageAttributes;
  MessageSystemAttributes?: { AWSTraceHeader?: { StringValue?: string } };
}
interface ReceivedMessage {
  MessageId: string;
  ReceiptHandle: string;
  Attributes?: Record<string, string>;
  MessageAttributes?: Record<string, unknown>;
  MD5OfMessageAttributes?: string;
}
interface FailedEntry {
  Id: string;
  Code: string;
  Message: string;
  SenderFault: true;
}
interface SqsRequestBody extends SentMessage {
  QueueUrl?: string;
  Entries?: (SentMessage & { Id: string; ReceiptHandle?: string })[];
  ReceiptHandle?: string;
  MessageAttributeNames?: string[];
  AttributeNames?: string[];
  MessageSystemAttributeNames?: string[];
}
interface SqsAnswer {
  MessageId?: string;
  Successful?: { Id: string; MessageId?: string }[];
  Failed?: FailedEntry[];
  Messages?: ReceivedMessage[];
}
interface Verdict {
  readonly code: string;
  readonly message: string;
}

const CONTENT_TYPE = "application/x-amz-json-1.0";
const INVALID_HANDLE: Verdict = {
  code: "ReceiptHandleIsInvalid",
  message: "The input receipt handle is invalid.",
};

/**
 * Makes the emulator treat SQS messages as AWS does: refuses attributes that AWS refuses (entry by entry in a
 * batch), keeps AWSTraceHeader, returns only the attributes asked for, counts receives across all queues, says which
 * queue a dead letter came from, and refuses receipt handles it never gave out. Call it before the emulator listens.
 *
 * A message that SNS delivered raw with more than ten attributes is discarded when it would be received (AWS
 * discards it at delivery, so the queue's depth differs until then).
 */
export function enforceSqs(app: Emulator): void {
  const memory = new MessageMemory();
  const handles = createReceiptHandles();
  const refusedEntries = new WeakMap<object, FailedEntry[]>();
  const wantedAttributes = new WeakMap<object, readonly string[]>();

  app.addHook("preHandler", async (request, reply) => {
    const operation = operationOf(request.headers);
    if (operation === undefined) return;
    const body = request.body as SqsRequestBody;
    if (operation === "ReceiveMessage") {
      wantedAttributes.set(request, body.MessageAttributeNames ?? []);
      body.MessageAttributeNames = ["All"];
      return;
    }
    const judge = JUDGES[operation];
    if (judge === undefined) return;
    if (body.Entries === undefined) {
      const verdict = judge(body, handles.open);
      if (verdict !== undefined) return reply.code(400).headers(errorHeaders(verdict)).send(errorBody(verdict));
      return;
    }
    const refused: FailedEntry[] = [];
    body.Entries = body.Entries.filter((entry) => {
      const verdict = judge(entry, handles.open);
      if (verdict !== undefined)
        refused.push({ Id: entry.Id, Code: verdict.code, Message: verdict.message, SenderFault: true });
      return verdict === undefined;
    });
    refusedEntries.set(request, refused);
    if (body.Entries.length > 0 || refused.length === 0) return;
    return reply.header("content-type", CONTENT_TYPE).send(JSON.stringify({ Successful: [] }));
  });

  app.addHook("onSend", async (request, reply, payload) => {
    const operation = operationOf(request.headers);
    if (operation === undefined || reply.statusCode !== 200 || typeof payload !== "string") return payload;
    const body = request.body as SqsRequestBody;
    const answer = JSON.parse(payload === "" ? "{}" : payload) as SqsAnswer;
    const refused = refusedEntries.get(request) ?? [];
    if (refused.length > 0) answer.Failed = [...(answer.Failed ?? []), ...refused];
    if (operation === "SendMessage" || operation === "SendMessageBatch") {
      rememberTraceHeaders(memory, body, answer, request.headers["x-amzn-trace-id"]);
    } else if (operation === "ReceiveMessage" && answer.Messages !== undefined) {
      for (const message of answer.Messages) message.ReceiptHandle = handles.seal(message.ReceiptHandle);
      answer.Messages = await discardOversized(app, body.QueueUrl ?? "", answer.Messages);
      for (const message of answer.Messages) {
        selectAttributes(message, wantedAttributes.get(request) ?? []);
        addSystemAttributes(message, body, memory);
      }
    }
    return JSON.stringify(answer);
  });
}

type Judge = (
  entry: SentMessage & { ReceiptHandle?: string },
  open: (sealed: string) => string | undefined,
) => Verdict | undefined;

const judgeAttributes: Judge = (entry) => {
  const message = sqsAttributesProblem(entry.MessageAttributes);
  return message === undefined ? undefined : { code: "InvalidParameterValue", message };
};
const judgeHandle: Judge = (entry, open) => {
  if (entry.ReceiptHandle === undefined) return undefined;
  const handle = open(entry.ReceiptHandle);
  if (handle === undefined) return INVALID_HANDLE;
  entry.ReceiptHandle = handle;
  return undefined;
};
const JUDGES: Readonly<Record<string, Judge>> = {
  SendMessage: judgeAttributes,
  SendMessageBatch: judgeAttributes,
  DeleteMessage: judgeHandle,
  DeleteMessageBatch: judgeHandle,
  ChangeMessageVisibility: judgeHandle,
  ChangeMessageVisibilityBatch: judgeHandle,
};

function operationOf(headers: Record<string, string | string[] | undefined>): string | undefined {
  const target = headers["x-amz-target"];
  return typeof target === "string" && target.startsWith("AmazonSQS.") ? target.slice("AmazonSQS.".length) : undefined;
}

function errorHeaders({ code }: Verdict): Record<string, string> {
  return { "content-type": CONTENT_TYPE, "x-amzn-query-error": `${code};Sender` };
}

function errorBody({ code, message }: Verdict): string {
  return JSON.stringify({ __type: `com.amazonaws.sqs#${code}`, message });
}

/** Outside the ten attributes and the size: a system attribute, or the request's X-Amzn-Trace-Id header. */
function rememberTraceHeaders(
  memory: MessageMemory,
  body: SqsRequestBody,
  answer: SqsAnswer,
  requestHeader: string | string[] | undefined,
): void {
  for (const entry of body.Entries ?? [body]) {
    const traceHeader = entry.MessageSystemAttributes?.AWSTraceHeader?.StringValue ?? requestHeader;
    const messageId = answer.MessageId ?? answer.Successful?.find((sent) => sent.Id === entry.Id)?.MessageId;
    if (typeof traceHeader === "string" && messageId !== undefined) memory.of(messageId).traceHeader = traceHeader;
  }
}

/** SQS takes no message with more than ten attributes, so one that has more was delivered raw by SNS. */
async function discardOversized(
  app: Emulator,
  queueUrl: string,
  messages: ReceivedMessage[],
): Promise<ReceivedMessage[]> {
  const kept: ReceivedMessage[] = [];
  for (const message of messages) {
    if (Object.keys(message.MessageAttributes ?? {}).length <= MESSAGE_ATTRIBUTES_MAX) {
      kept.push(message);
      continue;
    }
    await app.inject({
      method: "POST",
      url: "/",
      headers: { "content-type": CONTENT_TYPE, "x-amz-target": "AmazonSQS.DeleteMessage" },
      payload: JSON.stringify({ QueueUrl: queueUrl, ReceiptHandle: message.ReceiptHandle }),
    });
  }
  return kept;
}

/** None come unless asked for by name, by prefix (`a.*`) or by `All`. */
function selectAttributes(message: ReceivedMessage, wanted: readonly string[]): void {
  const all = message.MessageAttributes;
  if (all === undefined || wanted.includes("All") || wanted.includes(".*")) return;
  const prefixes = wanted.filter((name) => name.endsWith(".*")).map((name) => name.slice(0, -1));
  const selected = Object.entries(all).filter(
    ([name]) => wanted.includes(name) || prefixes.some((prefix) => name.startsWith(prefix)),
  );
  if (selected.length === Object.keys(all).length) return;
  delete message.MessageAttributes;
  delete message.MD5OfMessageAttributes;
  if (selected.length > 0) message.MessageAttributes = Object.fromEntries(selected);
}

function addSystemAttributes(message: ReceivedMessage, body: SqsRequestBody, memory: MessageMemory): void {
  const wanted = [...(body.AttributeNames ?? []), ...(body.MessageSystemAttributeNames ?? [])];
  const wants = (name: string): boolean => wanted.includes("All") || wanted.includes(name);
  const facts = memory.of(message.MessageId);
  const queueArn = arnOf(body.QueueUrl ?? "");
  facts.firstQueueArn ??= queueArn;
  facts.receives += 1;
  // The emulator counts the move to a dead-letter queue as a receive, though nobody got the message.
  if (message.Attributes?.["ApproximateReceiveCount"] !== undefined) {
    message.Attributes["ApproximateReceiveCount"] = String(facts.receives);
  }
  if (facts.traceHeader !== undefined && wants("AWSTraceHeader")) {
    message.Attributes = { ...message.Attributes, AWSTraceHeader: facts.traceHeader };
  }
  if (facts.firstQueueArn !== queueArn && wants("DeadLetterQueueSourceArn")) {
    message.Attributes = { ...message.Attributes, DeadLetterQueueSourceArn: facts.firstQueueArn };
  }
}

/** `http://host/000000000000/name`; the region stands in the host where it is not the emulator's default. */
function arnOf(queueUrl: string): string {
  const { hostname, pathname } = new URL(queueUrl, "http://localhost");
  const region = /^sqs\.([a-z0-9-]+)\./.exec(hostname)?.[1] ?? "us-east-1";
  const [account = "", name = ""] = pathname.split("/").slice(-2);
  return `arn:aws:sqs:${region}:${account}:${name}`;
}
