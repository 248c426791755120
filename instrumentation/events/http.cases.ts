import {
  awsGo,
  datadog,
  datadogExtension,
  type EventCase,
  OTHER_SPAN_ID,
  OTHER_TRACEPARENT,
  powertools,
  sample,
  SPAN_ID,
  TRACE_ID,
  TRACEPARENT,
} from "./event-case.ts";

const REST = powertools("apigw-rest/no-auth");
const REST_FROM_CONSOLE = powertools("apigw-rest/console-test-ui");
const REST_AUTHORIZED = datadog("api-gateway-traced-authorizer-request-v1");
const HTTP = powertools("apigw-http/no-auth");
const HTTP_AUTHORIZED = datadog("api-gateway-traced-authorizer-request-v2");
const FUNCTION_URL = powertools("lambda/get-request");
const ALB = powertools("alb/base");
const ALB_LISTS = powertools("alb/multi-fields");
const LATTICE_1 = powertools("vpc-lattice/base");
const LATTICE_2 = sample("aws-powertools/powertools-lambda-python", "tests/events/vpcLatticeV2EventWithHeaders.json");
const REQUEST_AUTHORIZER = awsGo("apigw-custom-auth-request-type-request");
const TOKEN_AUTHORIZER = awsGo("apigw-custom-auth-request");
const HTTP_AUTHORIZER = awsGo("apigw-v2-custom-authorizer-v2-request");
const WEB_SOCKET = datadog("api-gateway-wss");
const WEB_SOCKET_MESSAGE = datadogExtension("api_gateway_websocket_message_event");
const APP_SYNC = powertools("appsync/resolver");
const APP_SYNC_BATCH = sample("aws-powertools/powertools-lambda-python", "tests/events/appSyncBatchEvent.json");
const AMPLIFY = sample("aws-powertools/powertools-lambda-python", "tests/events/appSyncResolverEvent.json");
const APP_SYNC_EVENTS = powertools("appsync-events/base");
const APP_SYNC_AUTHORIZER = awsGo("appsync-lambda-auth-request");
const OBJECT_LAMBDA = awsGo("s3-object-lambda-event-get-object-iam");
const CLOUD_FRONT = sample(
  "awsdocs/amazon-cloudfront-developer-guide",
  "doc_source/lambda-event-structure.md",
  "1c964d49c912371ecc1b0fa1abc3ac7cdf374803",
);

const rest = {
  resource: "/orders/{id}",
  path: "/orders/7",
  httpMethod: "POST",
  headers: { Host: "api.example.com", "User-Agent": "curl/8", Traceparent: TRACEPARENT },
  multiValueHeaders: { Host: ["api.example.com"], Traceparent: [TRACEPARENT] },
  queryStringParameters: { secret: "hidden" },
  pathParameters: { id: "7" },
  requestContext: {
    requestId: "id",
    path: "/test/orders/7",
    httpMethod: "POST",
    resourcePath: "/orders/{id}",
    domainName: "abc.execute-api.us-east-1.amazonaws.com",
  },
  body: "{}",
  isBase64Encoded: false,
};

const http = {
  version: "2.0",
  routeKey: "GET /orders/{id}",
  rawPath: "/orders/7",
  rawQueryString: "secret=hidden",
  headers: { traceparent: TRACEPARENT, host: "api.example.com" },
  requestContext: {
    accountId: "123456789012",
    domainName: "api.example.com",
    requestId: "id",
    http: { method: "GET", path: "/orders/7", protocol: "HTTP/1.1", sourceIp: "192.0.2.1", userAgent: "curl/8" },
    routeKey: "GET /orders/{id}",
    stage: "$default",
    timeEpoch: 1_583_348_638_390,
  },
  isBase64Encoded: false,
};

const requestAuthorizer = {
  type: "REQUEST",
  methodArn: "arn:aws:execute-api:us-east-1:123456789012:abcdef123/test/GET/request",
  resource: "/request",
  path: "/request",
  httpMethod: "GET",
  headers: { "X-AMZ-Date": "20170718T062915Z", traceparent: TRACEPARENT },
  requestContext: { path: "/request", requestId: "id" },
};

const REST_ATTRIBUTES = {
  "faas.trigger": "http",
  "http.request.method": "POST",
  "http.route": "/orders/{id}",
  "url.path": "/test/orders/7",
};

export const httpCases: readonly EventCase[] = [
  {
    name: "REST API, headers in another case",
    source: REST,
    event: rest,
    expected: {
      by: "aws.api-gateway.v1",
      spanName: "POST /orders/{id}",
      kind: "server",
      parent: SPAN_ID,
      attributes: REST_ATTRIBUTES,
    },
  },
  {
    name: "REST API with headers as lists alone",
    source: REST_FROM_CONSOLE,
    event: { ...rest, headers: null },
    expected: { by: "aws.api-gateway.v1", spanName: "POST /orders/{id}", parent: SPAN_ID },
  },
  {
    name: "REST API without any header",
    source: REST_FROM_CONSOLE,
    event: { ...rest, headers: null, multiValueHeaders: null },
    expected: { by: "aws.api-gateway.v1", spanName: "POST /orders/{id}", parent: null },
  },
  {
    name: "REST API behind an authorizer that was run for this request",
    source: REST_AUTHORIZED,
    event: {
      ...rest,
      requestContext: { ...rest.requestContext, authorizer: { hopscope: `${OTHER_TRACEPARENT};id`, principalId: "me" } },
    },
    expected: { by: "aws.api-gateway.v1", spanName: "POST /orders/{id}", parent: OTHER_SPAN_ID },
  },
  {
    name: "REST API behind an authorizer whose answer was cached for another request",
    source: REST_AUTHORIZED,
    event: {
      ...rest,
      requestContext: { ...rest.requestContext, authorizer: { hopscope: `${OTHER_TRACEPARENT};another` } },
    },
    expected: { by: "aws.api-gateway.v1", spanName: "POST /orders/{id}", parent: SPAN_ID },
  },
  {
    name: "REST API behind an authorizer of type TOKEN that was run for this request",
    source: REST_AUTHORIZED,
    event: {
      ...rest,
      requestContext: { ...rest.requestContext, authorizer: { hopscope: `${OTHER_TRACEPARENT};`, integrationLatency: 582 } },
    },
    expected: { by: "aws.api-gateway.v1", spanName: "POST /orders/{id}", parent: OTHER_SPAN_ID },
  },
  {
    name: "REST API behind an authorizer of type TOKEN whose answer was cached",
    source: REST_AUTHORIZED,
    event: {
      ...rest,
      requestContext: { ...rest.requestContext, authorizer: { hopscope: `${OTHER_TRACEPARENT};`, integrationLatency: 0 } },
    },
    expected: { by: "aws.api-gateway.v1", spanName: "POST /orders/{id}", parent: SPAN_ID },
  },
  {
    name: "HTTP API",
    source: HTTP,
    event: http,
    expected: {
      by: "aws.api-gateway.v2",
      spanName: "GET /orders/{id}",
      parent: SPAN_ID,
      attributes: { "url.path": "/orders/7", "url.scheme": "https", "server.address": "api.example.com" },
    },
  },
  {
    name: "HTTP API behind an authorizer",
    source: HTTP_AUTHORIZED,
    event: {
      ...http,
      requestContext: { ...http.requestContext, authorizer: { lambda: { hopscope: `${OTHER_TRACEPARENT};id` } } },
    },
    expected: { by: "aws.api-gateway.v2", spanName: "GET /orders/{id}", parent: OTHER_SPAN_ID },
  },
  {
    name: "function URL",
    source: FUNCTION_URL,
    event: { ...http, routeKey: "$default", requestContext: { ...http.requestContext, routeKey: "$default" } },
    expected: { by: "aws.api-gateway.v2", spanName: "GET", parent: SPAN_ID },
  },
  {
    name: "load balancer",
    source: ALB,
    event: {
      requestContext: { elb: { targetGroupArn: "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/a/1" } },
      httpMethod: "GET",
      path: "/lambda",
      queryStringParameters: {},
      headers: { host: "lb.example.com:8080", "x-forwarded-proto": "http", "x-amzn-trace-id": "Root=1-5c536348-3d683b8b04734faae651f476", b3: "0" },
      body: "",
      isBase64Encoded: false,
    },
    expected: {
      by: "aws.alb",
      spanName: "GET",
      parent: null,
      attributes: { "url.path": "/lambda", "url.scheme": "http", "server.address": "lb.example.com" },
    },
  },
  {
    name: "load balancer with lists of headers",
    source: ALB_LISTS,
    event: {
      requestContext: { elb: { targetGroupArn: "arn" } },
      httpMethod: "GET",
      path: "/",
      multiValueHeaders: { TraceParent: [TRACEPARENT] },
    },
    expected: { by: "aws.alb", spanName: "GET", parent: SPAN_ID },
  },
  {
    name: "VPC Lattice, version 2",
    source: LATTICE_2,
    event: {
      version: "2.0",
      path: "/test?a=b",
      method: "GET",
      headers: { traceparent: [TRACEPARENT] },
      requestContext: { serviceNetworkArn: "arn:aws:vpc-lattice:us-east-1:123456789012:servicenetwork/sn-1" },
    },
    expected: { by: "aws.vpc-lattice", spanName: "GET", parent: SPAN_ID, attributes: { "url.path": "/test" } },
  },
  {
    name: "VPC Lattice, version 1",
    source: LATTICE_1,
    event: { raw_path: "/test", method: "POST", headers: { traceparent: TRACEPARENT }, query_string_parameters: {} },
    expected: { by: "aws.vpc-lattice", spanName: "POST", parent: SPAN_ID },
  },
  {
    name: "authorizer of type REQUEST",
    source: REQUEST_AUTHORIZER,
    event: requestAuthorizer,
    expected: { by: "aws.api-gateway.authorizer", spanName: "authorize GET /request", parent: SPAN_ID },
  },
  {
    name: "authorizer of type TOKEN",
    source: TOKEN_AUTHORIZER,
    event: { type: "TOKEN", authorizationToken: "t", methodArn: requestAuthorizer.methodArn },
    expected: {
      by: "aws.api-gateway.authorizer",
      spanName: "authorize GET",
      parent: null,
      attributes: { "url.path": "/request" },
    },
  },
  {
    name: "authorizer of an HTTP API",
    source: HTTP_AUTHORIZER,
    event: { ...http, isBase64Encoded: undefined, type: "REQUEST", routeArn: "arn:aws:execute-api:us-east-1:123456789012:abc/test/GET/orders/7" },
    expected: { by: "aws.api-gateway.authorizer", spanName: "authorize GET", parent: SPAN_ID },
  },
  {
    name: "WebSocket connect",
    source: WEB_SOCKET,
    event: {
      headers: { traceparent: TRACEPARENT },
      requestContext: { routeKey: "$connect", eventType: "CONNECT", connectionId: "L0SM9cOFvHcCIhw=", requestId: "id" },
    },
    expected: { by: "aws.api-gateway.websocket", spanName: "CONNECT $connect", parent: SPAN_ID },
  },
  {
    name: "WebSocket connect behind an authorizer",
    source: WEB_SOCKET,
    event: {
      headers: { traceparent: TRACEPARENT },
      requestContext: {
        routeKey: "$connect",
        eventType: "CONNECT",
        connectionId: "L0SM9cOFvHcCIhw=",
        requestId: "id",
        authorizer: { hopscope: `${OTHER_TRACEPARENT};id` },
      },
    },
    expected: { by: "aws.api-gateway.websocket", spanName: "CONNECT $connect", parent: OTHER_SPAN_ID },
  },
  {
    name: "WebSocket message that carries a context in its body",
    source: WEB_SOCKET_MESSAGE,
    event: {
      requestContext: { routeKey: "order", eventType: "MESSAGE", connectionId: "L0SM9cOFvHcCIhw=", requestId: "id" },
      body: JSON.stringify({ action: "order", traceparent: TRACEPARENT }),
    },
    expected: { by: "aws.api-gateway.websocket", spanName: "MESSAGE order", parent: SPAN_ID },
  },
  {
    name: "AppSync resolver",
    source: APP_SYNC,
    event: {
      arguments: { id: "7" },
      source: null,
      request: { headers: { traceparent: TRACEPARENT } },
      info: { fieldName: "getOrder", parentTypeName: "Query", selectionSetList: [], variables: {} },
    },
    expected: { by: "aws.appsync", spanName: "Query.getOrder", parent: SPAN_ID },
  },
  {
    name: "AppSync resolver of a type's field",
    source: APP_SYNC,
    event: { arguments: {}, source: {}, info: { fieldName: "items", parentTypeName: "Order" }, request: { headers: {} } },
    expected: { by: "aws.appsync", spanName: "Order.items", parent: null, attributes: { "graphql.operation.name": "items" } },
  },
  {
    name: "AppSync batch",
    source: APP_SYNC_BATCH,
    event: [{ info: { fieldName: "items", parentTypeName: "Order" }, request: { headers: { traceparent: TRACEPARENT } } }],
    expected: { by: "aws.appsync", spanName: "Order.items", parent: SPAN_ID },
  },
  {
    name: "AppSync resolver of Amplify, whose template has names beside the arguments",
    source: AMPLIFY,
    event: {
      typeName: "Merchant",
      fieldName: "locations",
      arguments: { page: 2 },
      source: { name: "Value" },
      request: { headers: { traceparent: TRACEPARENT } },
      prev: { result: {} },
    },
    expected: { by: "aws.appsync", spanName: "Merchant.locations", parent: SPAN_ID },
  },
  {
    name: "AppSync Events",
    source: APP_SYNC_EVENTS,
    event: {
      identity: null,
      result: null,
      request: { headers: { traceparent: TRACEPARENT }, domainName: null },
      info: {
        channel: { path: "/orders/7", segments: ["orders", "7"] },
        channelNamespace: { name: "orders" },
        operation: "PUBLISH",
      },
      error: null,
      prev: null,
      stash: {},
      outErrors: [],
      events: null,
    },
    expected: { by: "aws.appsync", spanName: "PUBLISH.orders", parent: SPAN_ID },
  },
  {
    name: "authorizer of AppSync",
    source: APP_SYNC_AUTHORIZER,
    event: {
      authorizationToken: "hidden",
      requestContext: {
        apiId: "giy7kumfmvcqvbedntjwjvagii",
        accountId: "254688921111",
        requestId: "b80ed838-14c6-4500-b4c3-b694c7bef086",
        queryString: "mutation hidden",
        operationName: "MyNewTask",
        variables: {},
      },
    },
    expected: { by: "aws.service", spanName: "authorize", parent: null, attributes: { "faas.trigger": "http" } },
  },
  {
    name: "S3 Object Lambda",
    source: OBJECT_LAMBDA,
    event: {
      xAmzRequestId: "requestId",
      getObjectContext: { inputS3Url: "hidden", outputRoute: "io-use1-001", outputToken: "hidden" },
      configuration: { accessPointArn: "arn:aws:s3-object-lambda:us-east-1:111122223333:accesspoint/ap", payload: "{}" },
      userRequest: { url: "hidden", headers: { Host: "object-lambda-111122223333", Traceparent: TRACEPARENT } },
      protocolVersion: "1.00",
    },
    expected: {
      by: "aws.service",
      spanName: "transform object",
      kind: "server",
      parent: SPAN_ID,
      attributes: { "faas.trigger": "http" },
    },
  },
  {
    name: "CloudFront",
    source: CLOUD_FRONT,
    event: {
      Records: [
        {
          cf: {
            config: { distributionId: "EDFDVBD6EXAMPLE", eventType: "origin-request", requestId: "id" },
            request: {
              method: "GET",
              uri: "/index.html",
              querystring: "",
              headers: { traceparent: [{ key: "Traceparent", value: TRACEPARENT }], host: [{ key: "Host", value: "d1" }] },
            },
          },
        },
      ],
    },
    expected: {
      by: "aws.cloudfront",
      spanName: "GET",
      parent: SPAN_ID,
      attributes: { "hopscope.event.type": "origin-request", "server.address": "d1" },
    },
  },
  {
    name: "a request from a service that Datadog traces",
    source: "https://docs.datadoghq.com/tracing/trace_collection/trace_context_propagation/",
    event: {
      ...rest,
      multiValueHeaders: null,
      headers: {
        "x-datadog-trace-id": BigInt(`0x${TRACE_ID.slice(16)}`).toString(),
        "x-datadog-parent-id": BigInt(`0x${SPAN_ID}`).toString(),
        "x-datadog-sampling-priority": "1",
        "x-datadog-tags": `_dd.p.tid=${TRACE_ID.slice(0, 16)}`,
      },
    },
    expected: { by: "aws.api-gateway.v1", spanName: "POST /orders/{id}", parent: SPAN_ID },
  },
  {
    name: "a request with a b3 header",
    source: "https://github.com/openzipkin/b3-propagation",
    event: { ...http, headers: { b3: `${TRACE_ID}-${SPAN_ID}-1` } },
    expected: { by: "aws.api-gateway.v2", spanName: "GET /orders/{id}", parent: SPAN_ID },
  },
  {
    name: "a request with b3's several headers",
    source: "https://github.com/openzipkin/b3-propagation",
    event: { ...http, headers: { "X-B3-TraceId": TRACE_ID, "X-B3-SpanId": SPAN_ID, "X-B3-Sampled": "1" } },
    expected: { by: "aws.api-gateway.v2", spanName: "GET /orders/{id}", parent: SPAN_ID },
  },
  {
    name: "a request from a page that Sentry traces",
    source: "https://develop.sentry.dev/sdk/foundations/trace-propagation/",
    event: { ...http, headers: { "sentry-trace": `${TRACE_ID}-${SPAN_ID}-1` } },
    expected: { by: "aws.api-gateway.v2", spanName: "GET /orders/{id}", parent: SPAN_ID },
  },
  {
    name: "a request that X-Ray samples",
    source: "https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html",
    event: {
      ...http,
      headers: { "x-amzn-trace-id": `Root=1-${TRACE_ID.slice(0, 8)}-${TRACE_ID.slice(8)};Parent=${SPAN_ID};Sampled=1` },
    },
    expected: { by: "aws.api-gateway.v2", spanName: "GET /orders/{id}", parent: SPAN_ID },
  },
];
