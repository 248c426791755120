/** The event sources, most specific first, and how one is found. */
import { guarded } from "../core/report.ts";
import type { EventSource, Fields, Trigger } from "./event-source.ts";
import { httpApi, loadBalancer, restApi } from "./http.ts";
import { plainTrigger } from "./plain.ts";
import { sdkMessages } from "./sdk-messages.ts";
import { sns } from "./sns.ts";
import { sqs } from "./sqs.ts";

/** Every source; the first whose `matches` is true describes the event. */
export const SOURCES: readonly EventSource[] = [sqs, sns, httpApi, loadBalancer, restApi, sdkMessages];

/** What `event` means. Any value is taken, hostile ones included; nothing throws. */
export function detect(event: unknown): Trigger {
  if (typeof event !== "object" || event === null) return plainTrigger();
  return guarded("reading the event", () => describeObject(event as Fields), undefined) ?? plainTrigger();
}

function describeObject(event: Fields): Trigger | undefined {
  for (const source of SOURCES) {
    if (source.matches(event)) return source.describe(event);
  }
  return undefined;
}
