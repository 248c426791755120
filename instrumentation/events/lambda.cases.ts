import {
  awsGo,
  datadog,
  datadogExtension,
  type EventCase,
  lambdaPage,
  powertools,
  sample,
  SPAN_ID,
  TRACEPARENT,
} from "./event-case.ts";
import { busEvent, sqsRecord } from "./sqs.cases.ts";

const INVOKE = "https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html";
const DESTINATION = lambdaPage("invocation-async");
const STREAM_DESTINATION = "https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html";
const CONTEXT_OBJECT = sample(
  "awsdocs/aws-step-functions-developer-guide",
  "doc_source/input-output-contextobject.md",
  "3d6752c179885aa864a2a49eb47a8131b5004aa0",
);
const JSONATA = "https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html";
const PAYLOAD = datadogExtension("step_function_legacy_event");
const STATES_DATADOG = datadog("states");
const STATES_DATADOG_PAYLOAD = datadogExtension("step_function_lambda_root_legacy_event");
const DURABLE = sample(
  "aws/aws-durable-execution-sdk-js",
  "packages/aws-durable-execution-sdk-js/src/types/core.ts",
);
const LOGS = powertools("cloudwatch/base");
const COGNITO = awsGo("cognito-event-userpools-postconfirmation");
const IOT = awsGo("iot-preprovision-hook-request");
const IOT_RULE = "https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-functions.html";
const SES = powertools("ses/base");

const EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:stateMachineName:executionName";
const DURABLE_ARN = "arn:aws:lambda:us-east-1:123456789012:function:order:1/durable-execution/order-7/0b1c";
const stateContext = {
  Execution: { Id: EXECUTION, Name: "executionName", StartTime: "2018-07-19T10:00:00Z", Input: {} },
  State: { Name: "Charge", EnteredTime: "2018-07-19T10:01:00Z", RetryCount: 2 },
  StateMachine: { Id: "arn:aws:states:us-east-1:123456789012:stateMachine:checkout", Name: "checkout" },
};
const started = { Id: "0", Type: "EXECUTION", Status: "STARTED" };
const queued = sqsRecord({
  messageAttributes: { traceparent: { stringValue: TRACEPARENT, dataType: "String" } },
});
const caller = { awsRequestId: "8476a536-e9f4-11e8-9739-2dfe598c3fcd", functionName: "charge" };

/** What became of an invocation, as a destination is told it. */
const outcome = {
  version: "1.0",
  timestamp: "2019-11-14T18:16:05.568Z",
  requestContext: {
    requestId: "e4b46cbf-b738-xmpl-8880-a18cdf61200e",
    functionArn: "arn:aws:lambda:us-east-2:123456789012:function:my-function:$LATEST",
    condition: "RetriesExhausted",
    approximateInvokeCount: 3,
  },
  requestPayload: { ORDER_IDS: ["9e07af03-ce31-4ff3-xmpl-36dce652cb4f"] },
  responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
  responsePayload: { errorMessage: "Process exited before completing request" },
};
/** Its identity: the request id. */
const OUTCOME_KEY = "aws.lambda:e4b46cbf-b738-xmpl-8880-a18cdf61200e";

export const lambdaCases: readonly EventCase[] = [
  {
    name: "Invoke with a client context",
    source: INVOKE,
    event: { order: 7 },
    caller: { ...caller, clientContext: { custom: { traceparent: TRACEPARENT } } },
    expected: {
      by: "invoke",
      spanName: undefined,
      kind: "server",
      parent: SPAN_ID,
      keys: ["aws.lambda:8476a536-e9f4-11e8-9739-2dfe598c3fcd"],
    },
  },
  {
    name: "Invoke by another tracer",
    source: INVOKE,
    event: 7,
    caller: {
      ...caller,
      clientContext: {
        custom: { "x-datadog-trace-id": "5", "x-datadog-parent-id": BigInt(`0x${SPAN_ID}`).toString() },
      },
    },
    expected: { by: "invoke", spanName: undefined, parent: SPAN_ID },
  },
  {
    name: "asynchronous Invoke",
    source: INVOKE,
    event: { order: 7 },
    caller,
    expected: {
      by: "invoke",
      spanName: undefined,
      parent: null,
      keys: ["aws.lambda:8476a536-e9f4-11e8-9739-2dfe598c3fcd"],
      attributes: { "faas.trigger": "other" },
    },
  },
  {
    name: "destination of an asynchronous invocation",
    source: DESTINATION,
    event: outcome,
    expected: {
      by: "aws.lambda.destination",
      spanName: "process my-function",
      parent: null,
      contexts: [null],
      keys: [OUTCOME_KEY],
    },
  },
  {
    name: "destination of a function's invocations through EventBridge",
    source: DESTINATION,
    event: {
      ...busEvent,
      "detail-type": "Lambda Function Invocation Result - Failure",
      source: "lambda",
      resources: [outcome.requestContext.functionArn],
      detail: outcome,
    },
    expected: {
      by: "aws.eventbridge",
      spanName: "process lambda",
      parent: null,
      contexts: [null],
      keys: [`aws.eventbridge:${busEvent.id}`, OUTCOME_KEY],
    },
  },
  {
    name: "destination of batches of a stream that were given up",
    source: STREAM_DESTINATION,
    event: {
      Records: [sqsRecord({ body: JSON.stringify({ ...outcome, requestPayload: undefined, KinesisBatchInfo: {} }) })],
    },
    expected: {
      by: "aws.sqs",
      spanName: "process my-queue",
      parent: null,
      contexts: [null],
      keys: ["aws_sqs:059f36b4-87a3-44ab-83d2-661975830a7d", OUTCOME_KEY],
      attributes: { "hopscope.message.via.system": "aws.lambda", "hopscope.message.via.destination.name": "my-function" },
    },
  },
  {
    name: "Step Functions task in its third attempt",
    source: CONTEXT_OBJECT,
    event: { ...stateContext, order: 7 },
    expected: {
      by: "aws.stepfunctions",
      spanName: "state Charge",
      kind: "consumer",
      parent: null,
      keys: [`aws.stepfunctions:${EXECUTION}`],
      attributes: { "hopscope.message.receive_count": 3, "messaging.destination.name": "checkout" },
    },
  },
  {
    name: "Step Functions task whose input carries a context",
    source: PAYLOAD,
    event: { Payload: { ...stateContext, traceparent: TRACEPARENT } },
    expected: { by: "aws.stepfunctions", spanName: "state Charge", parent: SPAN_ID },
  },
  {
    name: "Step Functions task that gets the whole context object by JSONata",
    source: JSONATA,
    event: { order: 7, context: { ...stateContext, Task: { Token: "token" } } },
    expected: { by: "aws.stepfunctions", spanName: "state Charge", parent: null, keys: [`aws.stepfunctions:${EXECUTION}`] },
  },
  {
    name: "Step Functions task that Datadog's plugin set up",
    source: STATES_DATADOG,
    event: { _datadog: { ...stateContext, RootExecutionId: EXECUTION, "serverless-version": "v1" } },
    expected: { by: "aws.stepfunctions", spanName: "state Charge", parent: null, keys: [`aws.stepfunctions:${EXECUTION}`] },
  },
  {
    name: "Step Functions task that Datadog's plugin set up, behind a function that it traces",
    source: STATES_DATADOG_PAYLOAD,
    event: {
      Payload: {
        _datadog: {
          ...stateContext,
          "x-datadog-trace-id": "5821803790426892636",
          "x-datadog-tags": "_dd.p.dm=-0,_dd.p.tid=672a7cb100000000",
        },
      },
    },
    // An id of a trace without one of a span is no parent; the execution is known all the same.
    expected: { by: "aws.stepfunctions", spanName: "state Charge", parent: null, keys: [`aws.stepfunctions:${EXECUTION}`] },
  },
  {
    name: "durable function, started with a context",
    source: DURABLE,
    event: {
      DurableExecutionArn: DURABLE_ARN,
      CheckpointToken: "token",
      InitialExecutionState: {
        Operations: [
          { ...started, ExecutionDetails: { InputPayload: JSON.stringify({ traceparent: TRACEPARENT }) } },
        ],
        NextMarker: "",
      },
    },
    caller,
    expected: {
      by: "aws.lambda.durable",
      spanName: undefined,
      parent: SPAN_ID,
      keys: [`aws.lambda:${DURABLE_ARN}`],
      attributes: {
        "faas.trigger": "other",
        "messaging.destination.name": "charge",
        "aws.lambda.durable_execution.replay": false,
      },
    },
  },
  {
    name: "replay of a durable function that a queue started",
    source: DURABLE,
    event: {
      DurableExecutionArn: DURABLE_ARN,
      CheckpointToken: "token",
      InitialExecutionState: {
        Operations: [
          { ...started, ExecutionDetails: { InputPayload: JSON.stringify({ Records: [queued] }) } },
          { Id: "1", Type: "STEP", SubType: "Step", Status: "SUCCEEDED", StepDetails: { Result: "7" } },
        ],
        NextMarker: "",
      },
    },
    caller,
    expected: {
      by: "aws.lambda.durable",
      spanName: "process my-queue",
      kind: "consumer",
      parent: SPAN_ID,
      keys: [`aws.lambda:${DURABLE_ARN}`, "aws_sqs:059f36b4-87a3-44ab-83d2-661975830a7d"],
      attributes: {
        "faas.trigger": "pubsub",
        "messaging.system": "aws_sqs",
        "messaging.destination.name": "my-queue",
        "aws.lambda.durable_execution.replay": true,
      },
    },
  },
  {
    name: "CloudWatch Logs",
    source: LOGS,
    event: { awslogs: { data: "H4sIAAAAAAAAAHWPwQqCQBCGX0Xm7EFtK+smZBEUgXoLCdMhFtKV3akI8d0bLYmibvPPN3wz00CJxmQnTO41whwWQRIctmEcB6sQbFC3CjW3XW8kxpOpP+OC22d1Wml1qZkQGtoMsScxaczKN3plG8zlaHIta5KqWsozoTYw3/djzwhpLwivWFGHGpAFe7DL68JlBUk+l7KSN7tCOEJ4M3/qOI49vMHj+zCKdlFqLaU2ZHV2a4Ct/an0/ivdX8oYc1UVX860fQDQiMdxRQEAAA==" } },
    expected: { by: "aws.service", spanName: "process logs", parent: null, attributes: { "faas.trigger": "datasource" } },
  },
  {
    name: "Cognito",
    source: COGNITO,
    event: {
      version: "1",
      region: "us-east-1",
      userPoolId: "us-east-1_example",
      userName: "someone",
      triggerSource: "PostConfirmation_ConfirmSignUp",
      request: {},
      response: {},
    },
    expected: { by: "aws.cognito", spanName: "PostConfirmation_ConfirmSignUp", parent: null },
  },
  {
    name: "IoT provisioning hook",
    source: IOT,
    event: {
      claimCertificateId: "string",
      certificateId: "string",
      certificatePem: "string",
      templateArn: "arn:aws:iot:us-east-1:1234567890:provisioningtemplate/MyTemplate",
      clientId: "221a6d10-9c7f-42f1-9153-e52e6fc869c1",
      parameters: {},
    },
    expected: { by: "aws.service", spanName: "provision device", parent: null, attributes: { "faas.trigger": "other" } },
  },
  {
    name: "rule of IoT that selects topic and client",
    source: IOT_RULE,
    event: { row: "10", moisture: "75", topic: "things/7/soil", clientid: "thing-7", traceparent: [TRACEPARENT] },
    expected: {
      by: "aws.service",
      spanName: "process mqtt",
      kind: "consumer",
      parent: SPAN_ID,
      attributes: { "faas.trigger": "pubsub", "messaging.system": "mqtt", "messaging.destination.name": "things/7/soil" },
    },
  },
  {
    name: "rule of IoT that selects the message alone",
    source: lambdaPage("services-iot"),
    event: { row: "10", pos: "23", moisture: "75" },
    expected: { by: "invoke", spanName: undefined, parent: null, attributes: { "faas.trigger": "other" } },
  },
  {
    name: "SES",
    source: SES,
    event: { Records: [{ eventSource: "aws:ses", eventVersion: "1.0", ses: { mail: { messageId: "o3vrnil0e2ic28tr" }, receipt: {} } }] },
    expected: { by: "aws.ses", spanName: "process email", parent: null, keys: ["aws.ses:o3vrnil0e2ic28tr"] },
  },
];
