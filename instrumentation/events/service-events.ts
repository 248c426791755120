/**
 * AWS services that invoke a function with an event of their own, told by the members it has. What only asks the
 * function for something (Config, CloudFormation, Lex, Alexa ...) needs no row: its trigger is `other`, and the
 * function's own name says it best.
 */
import {
  FAAS_TRIGGER,
  MESSAGE_KEYS,
  MESSAGING_DESTINATION_NAME,
  MESSAGING_MESSAGE_ID,
  MESSAGING_OPERATION_TYPE,
  MESSAGING_SYSTEM,
} from "@hopscope/schema/attributes";
import { extractContext, headerGetter } from "./carrier.ts";
import { asObject, asText, defined, type EventSource, type Fields, firstRecord, keyOf } from "./event-source.ts";

/** A row: the paths (by `/`) that lead somewhere in its events and in no others, and what it is called. */
type Row = readonly [
  paths: string,
  spanName: string,
  trigger?: "datasource" | "http" | "pubsub" | "timer",
  /** Where a caller may have put its context; empty for the event itself. */
  carrier?: string,
];

/**
 * A rule of IoT and a schedule with an input of its own hand on whatever one writes there: they are told by what the
 * guides say to select.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-functions.html
 * @see https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
 */
const ROWS: readonly Row[] = [
  ["awslogs/data", "process logs", "datasource"],
  ["events/0/event/ns", "process changes", "datasource"],
  ["deliveryStreamArn", "transform records", "datasource"],
  ["tasks/0/s3Key", "process objects", "datasource"],
  ["userRequest/headers xAmzRequestId", "transform object", "http", "userRequest/headers"],
  ["authorizationToken requestContext/apiId", "authorize", "http", "requestHeaders"],
  ["topic clientid", "process mqtt", "pubsub", ""],
  ["scheduleArn scheduledTime", "schedule", "timer"],
  ["claimCertificateId", "provision device"],
];

/** Services whose events carry a context at most where the table says. */
export const service: EventSource = {
  matches: (event) => rowOf(event) !== undefined,
  describe(event) {
    const [, spanName, trigger = "other", carrier] = rowOf(event) ?? ["", ""];
    return {
      spanName,
      kind: trigger === "datasource" || trigger === "pubsub" ? "consumer" : "server",
      parent: carrier === undefined ? undefined : extractContext(headerGetter(at(event, carrier))),
      attributes: defined({
        [FAAS_TRIGGER]: trigger,
        ...(trigger === "pubsub" && {
          [MESSAGING_SYSTEM]: "mqtt",
          [MESSAGING_OPERATION_TYPE]: "process",
          [MESSAGING_DESTINATION_NAME]: asText(event.topic),
        }),
      }),
    };
  },
};

function rowOf(event: Fields): Row | undefined {
  return ROWS.find(([paths]) => paths.split(" ").every((path) => at(event, path) !== undefined));
}

function at(event: Fields, path: string): unknown {
  return path ? path.split("/").reduce<unknown>((inner, key) => asObject(inner)?.[key], event) : event;
}

/** @see https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html */
export const cognito: EventSource = {
  matches: (event) => asText(event.triggerSource) !== undefined && "userPoolId" in event,
  describe: (event) => ({
    spanName: asText(event.triggerSource),
    kind: "server",
    attributes: defined({ [FAAS_TRIGGER]: "other", "aws.cognito.user_pool.id": asText(event.userPoolId) }),
  }),
};

/** @see https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-lambda-event.html */
export const ses: EventSource = {
  matches: (event) => firstRecord(event)?.eventSource === "aws:ses",
  describe(event) {
    const id = asText(asObject(asObject(firstRecord(event)?.ses)?.mail)?.messageId);
    return {
      spanName: "process email",
      kind: "consumer",
      attributes: defined({
        [FAAS_TRIGGER]: "other",
        [MESSAGING_SYSTEM]: "aws.ses",
        [MESSAGING_MESSAGE_ID]: id,
        [MESSAGE_KEYS]: keyOf("aws.ses", id),
      }),
    };
  },
};
