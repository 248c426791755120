import { asObject, asText, type EventSource, firstRecord } from "./event-source.ts";
import { recordStatus, requestTrigger } from "./http.ts";

/**
 * Lambda@Edge. Headers are lists of `{key, value}` by lower-case name; the answer has `status`, not `statusCode`.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/lambda-event-structure.html
 */
export const cloudFront: EventSource = {
  matches: (event) => asObject(asObject(firstRecord(event)?.cf)?.request) !== undefined,
  describe(event) {
    const cf = asObject(firstRecord(event)?.cf);
    const request = asObject(cf?.request);
    const headers = asObject(request?.headers) ?? {};
    const get = (name: string): string | undefined => {
      const list = headers[name];
      return asText(asObject(Array.isArray(list) ? list[0] : undefined)?.value);
    };
    const trigger = requestTrigger(
      { method: asText(request?.method) ?? "GET", path: asText(request?.uri), route: undefined, host: get("host"), get },
      { "hopscope.event.type": asText(asObject(cf?.config)?.eventType) ?? "viewer-request" },
    );
    return {
      ...trigger,
      onResult: (span, result) => {
        const status = asObject(result)?.status;
        if (status !== undefined) recordStatus(span, { statusCode: status });
      },
    };
  },
};
