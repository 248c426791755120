/** The event sources, and how one is found. */
import { guarded } from "../core/report.ts";
import { isAuthorizerEvent } from "./authorizer-context.ts";
import { asObject, type EventSource, type Fields, type Trigger } from "./event-source.ts";
import { eventBridge } from "./eventbridge.ts";
import { httpApi, loadBalancer, restApi } from "./http.ts";
import { describeInvoke } from "./invoke.ts";
import { otherSourceOf } from "./other-sources.ts";
import { sns } from "./sns.ts";
import { sqs } from "./sqs.ts";

/** The sources of most functions. All others pay for parsing them, so that these need not load the rest. */
const COMMON_SOURCES: readonly EventSource[] = [sqs, sns, httpApi, loadBalancer, restApi, eventBridge];

/** What `event` means. Any value is taken, hostile ones included; nothing throws. */
export function detect(event: unknown, caller: unknown): Trigger {
  const context = asObject(caller) ?? {};
  const object = asObject(event);
  const known = object && guarded("reading the event", () => sourceOf(object)?.describe(object, context, detect));
  return known ?? guarded("reading the caller", () => describeInvoke(event, context), PLAIN);
}

/** The source that knows `event`, or undefined. May throw on a hostile event. */
export function sourceOf(event: Fields): EventSource | undefined {
  // What an authorizer is asked about has the form of the request itself.
  const common = isAuthorizerEvent(event) ? undefined : COMMON_SOURCES.find((source) => source.matches(event));
  return common ?? otherSourceOf(event);
}

const PLAIN: Trigger = { spanName: undefined, kind: "server", attributes: { "faas.trigger": "other" } };
