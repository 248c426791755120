import { FAAS_TRIGGER } from "@hopscope/schema/attributes";
import { extractContext, headerGetter } from "./carrier.ts";
import { asObject, asText, defined, type EventSource } from "./event-source.ts";

/**
 * AppSync direct resolvers. A batch of fields is a list; all of its members belong to one request.
 *
 * @see https://docs.aws.amazon.com/appsync/latest/devguide/resolver-context-reference-js.html
 */
export const appSync: EventSource = {
  name: "aws.appsync",
  matches: (event) => fieldOf(event) !== undefined,
  describe(event) {
    const first = Array.isArray(event) ? asObject(event[0]) : event;
    const info = asObject(first?.info);
    const name = `${asText(info?.parentTypeName)}.${asText(info?.fieldName)}`;
    return {
      spanName: name,
      kind: "server",
      attributes: defined({
        [FAAS_TRIGGER]: "http",
        "graphql.operation.name": asText(info?.fieldName),
        "graphql.operation.type": asText(info?.parentTypeName)?.toLowerCase(),
      }),
      parent: extractContext(headerGetter(asObject(first?.request)?.headers)),
    };
  },
};

function fieldOf(event: unknown): string | undefined {
  const info = asObject(asObject(Array.isArray(event) ? event[0] : event)?.info);
  return asText(info?.parentTypeName) && asText(info?.fieldName);
}
