/** The event sources, most specific first, and how one is found. */
import { guarded } from "../core/report.ts";
import { appSync } from "./app-sync.ts";
import { authorizer } from "./authorizer.ts";
import { brokers } from "./brokers.ts";
import { cloudFront } from "./cloud-front.ts";
import { durableExecution } from "./durable.ts";
import { dynamoDb } from "./dynamodb.ts";
import { asObject, type EventSource, type Trigger } from "./event-source.ts";
import { eventBridge } from "./eventbridge.ts";
import { httpApi, loadBalancer, restApi } from "./http.ts";
import { describeInvoke, destination } from "./invoke.ts";
import { kinesis } from "./kinesis.ts";
import { s3 } from "./s3.ts";
import { sdkMessages } from "./sdk-messages.ts";
import { cognito, service, ses } from "./service-events.ts";
import { sns } from "./sns.ts";
import { sqs } from "./sqs.ts";
import { stepFunctions } from "./step-functions.ts";
import { vpcLattice } from "./vpc-lattice.ts";
import { webSocket } from "./web-socket.ts";

/** Every source; the first whose `matches` is true describes the event. */
export const SOURCES: readonly EventSource[] = [
  sqs,
  sns,
  authorizer,
  webSocket,
  httpApi,
  loadBalancer,
  restApi,
  vpcLattice,
  appSync,
  eventBridge,
  kinesis,
  dynamoDb,
  s3,
  brokers,
  durableExecution,
  stepFunctions,
  destination,
  cloudFront,
  cognito,
  ses,
  sdkMessages,
  service,
];

/** What `event` means. Any value is taken, hostile ones included; nothing throws. */
export function detect(event: unknown, caller: unknown): Trigger {
  const context = asObject(caller) ?? {};
  const object = asObject(event);
  const known = object && guarded("reading the event", () => sourceOf(object)?.describe(object, context, detect), undefined);
  return known ?? guarded("reading the caller", () => describeInvoke(event, context), PLAIN);
}

/** The source that knows `event`, or undefined. May throw on a hostile event. */
export function sourceOf(event: Readonly<Record<string, unknown>>): EventSource | undefined {
  return SOURCES.find((source) => source.matches(event));
}

const PLAIN: Trigger = { spanName: undefined, kind: "server", attributes: { "faas.trigger": "other" } };
