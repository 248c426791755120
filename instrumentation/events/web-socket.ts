import { FAAS_TRIGGER, HTTP_ROUTE, SERVER_ADDRESS } from "@hopscope/schema/attributes";
import { authorizerContext } from "./authorizer-context.ts";
import { extractContext, headerGetter, memberGetter } from "./carrier.ts";
import { asObject, asText, defined, type EventSource, parseObject } from "./event-source.ts";
import { recordStatus } from "./http.ts";

/**
 * API Gateway WebSocket API: connect, disconnect, and messages, which have no headers: their context is looked
 * for in the body.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-mapping-template-reference.html
 */
export const webSocket: EventSource = {
  matches: (event) => {
    const context = asObject(event.requestContext);
    return asText(context?.connectionId) !== undefined && asText(context?.eventType) !== undefined;
  },
  describe(event) {
    const context = asObject(event.requestContext) ?? {};
    const route = asText(context.routeKey);
    return {
      spanName: `${asText(context.eventType)} ${route ?? ""}`.trim(),
      kind: "server",
      attributes: defined({
        [FAAS_TRIGGER]: "http",
        [HTTP_ROUTE]: route,
        [SERVER_ADDRESS]: asText(context.domainName),
        "hopscope.websocket.connection.id": asText(context.connectionId),
      }),
      parent:
        authorizerContext(context) ??
        extractContext(headerGetter(event.headers, event.multiValueHeaders)) ??
        extractContext(memberGetter(parseObject(asText(event.body)))),
      onResult: recordStatus,
    };
  },
};
