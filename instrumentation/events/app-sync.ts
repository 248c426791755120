import { FAAS_TRIGGER } from "@hopscope/schema/attributes";
import { extractContext, headerGetter } from "./carrier.ts";
import { asObject, asText, defined, type EventSource } from "./event-source.ts";

/**
 * AppSync resolvers: direct ones, those of Amplify, whose template puts names beside `arguments`, and handlers of
 * AppSync Events, whose channels may be one for each user and so are not named. A batch of fields is a list; all of
 * its members belong to one request.
 *
 * @see https://docs.aws.amazon.com/appsync/latest/devguide/resolver-context-reference-js.html
 * @see https://docs.aws.amazon.com/appsync/latest/eventapi/channel-namespace-handlers.html
 */
export const appSync: EventSource = {
  matches: (event) => namesOf(event) !== undefined,
  describe(event) {
    const [type, field] = namesOf(event) ?? [];
    const first = Array.isArray(event) ? asObject(event[0]) : event;
    return {
      spanName: `${type}.${field}`,
      kind: "server",
      attributes: defined({
        [FAAS_TRIGGER]: "http",
        "graphql.operation.name": field,
        // Of a field of any other type nobody says what the operation is.
        "graphql.operation.type": /^(Query|Mutation|Subscription)$/.exec(type ?? "")?.[0].toLowerCase(),
      }),
      parent: extractContext(headerGetter(asObject(first?.request)?.headers)),
    };
  },
};

/** Type and field, or operation and namespace. */
function namesOf(event: unknown): readonly [string, string] | undefined {
  const first = asObject(Array.isArray(event) ? event[0] : event);
  const info = asObject(first?.info);
  const namespace = asText(asObject(info?.channelNamespace)?.name);
  if (namespace) return [asText(info?.operation) ?? "", namespace];
  const names = info ?? (first && "arguments" in first ? first : undefined);
  const type = asText(names?.parentTypeName) ?? asText(names?.typeName);
  const field = asText(names?.fieldName);
  return type && field ? [type, field] : undefined;
}
