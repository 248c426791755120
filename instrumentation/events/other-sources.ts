/** The event sources that few functions have, most specific first. */
import { appSync } from "./app-sync.ts";
import { authorizer } from "./authorizer.ts";
import { brokers } from "./brokers.ts";
import { cloudFront } from "./cloud-front.ts";
import { destination } from "./destination.ts";
import { durableExecution } from "./durable.ts";
import { dynamoDb } from "./dynamodb.ts";
import type { EventSource, Fields } from "./event-source.ts";
import { kinesis } from "./kinesis.ts";
import { s3 } from "./s3.ts";
import { sdkMessages } from "./sdk-messages.ts";
import { cognito, service, ses } from "./service-events.ts";
import { stepFunctions } from "./step-functions.ts";
import { vpcLattice } from "./vpc-lattice.ts";
import { webSocket } from "./web-socket.ts";

const OTHER_SOURCES: readonly EventSource[] = [
  authorizer,
  webSocket,
  vpcLattice,
  appSync,
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

/** The source that knows `event`, or undefined. May throw on a hostile event. */
export function otherSourceOf(event: Fields): EventSource | undefined {
  return OTHER_SOURCES.find((source) => source.matches(event));
}
