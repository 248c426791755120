/** AWS services that invoke a function with an event of their own and carry no context: roots with a name. */
import { FAAS_TRIGGER, MESSAGE_KEYS, MESSAGING_MESSAGE_ID } from "@hopscope/schema/attributes";
import { asObject, asText, defined, type EventSource, firstRecord } from "./event-source.ts";

/** @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html#LambdaFunctionExample */
export const cloudWatchLogs: EventSource = {
  name: "aws.logs",
  matches: (event) => asText(asObject(event.awslogs)?.data) !== undefined,
  describe: () => ({ spanName: "process logs", kind: "consumer", attributes: { [FAAS_TRIGGER]: "datasource" } }),
};

/** @see https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html */
export const cognito: EventSource = {
  name: "aws.cognito",
  matches: (event) => asText(event.triggerSource) !== undefined && "userPoolId" in event,
  describe: (event) => ({
    spanName: asText(event.triggerSource),
    kind: "server",
    attributes: defined({ [FAAS_TRIGGER]: "other", "aws.cognito.user_pool.id": asText(event.userPoolId) }),
  }),
};

/**
 * IoT Core: fleet provisioning hooks and one-click buttons. A topic rule hands on whatever its SQL selects, in
 * which nothing tells IoT from any other caller.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/pre-provisioning-hook.html
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-iot.html
 */
export const iot: EventSource = {
  name: "aws.iot",
  matches: (event) =>
    ("claimCertificateId" in event && "templateArn" in event) || ("serialNumber" in event && "clickType" in event),
  describe: (event) => ({
    spanName: "templateArn" in event ? "provision device" : "button",
    kind: "server",
    attributes: { [FAAS_TRIGGER]: "other" },
  }),
};

/** @see https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-lambda-event.html */
export const ses: EventSource = {
  name: "aws.ses",
  matches: (event) => firstRecord(event)?.eventSource === "aws:ses",
  describe(event) {
    const id = asText(asObject(asObject(firstRecord(event)?.ses)?.mail)?.messageId);
    return {
      spanName: "process email",
      kind: "consumer",
      attributes: defined({
        [FAAS_TRIGGER]: "other",
        "messaging.system": "aws.ses",
        [MESSAGING_MESSAGE_ID]: id,
        [MESSAGE_KEYS]: id ? [`aws.ses:${id}`] : [],
      }),
    };
  },
};
