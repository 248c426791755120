import { type EventCase, SPAN_ID, TRACEPARENT } from "./event-case.ts";

const INVOKE = "https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html";
const DESTINATION = "https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html";
const CONTEXT_OBJECT = "https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html";
const DURABLE = "https://github.com/DataDog/datadog-lambda-js/blob/main/src/trace/context/extractors/durable-execution.ts";
const LOGS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html";
const COGNITO = "https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-post-confirmation.html";
const IOT = "https://docs.aws.amazon.com/iot/latest/developerguide/pre-provisioning-hook.html";
const SES = "https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-lambda-event.html";

const EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:stateMachineName:executionName";
const DURABLE_ARN = "arn:aws:lambda:us-east-1:123456789012:function:order:1/durable-execution/order-7/0b1c";
const stateContext = {
  Execution: { Id: EXECUTION, Name: "executionName", StartTime: "2018-07-19T10:00:00Z", Input: {} },
  State: { Name: "Charge", EnteredTime: "2018-07-19T10:01:00Z", RetryCount: 2 },
  StateMachine: { Id: "arn:aws:states:us-east-1:123456789012:stateMachine:checkout", Name: "checkout" },
};
const caller = { awsRequestId: "8476a536-e9f4-11e8-9739-2dfe598c3fcd", functionName: "charge" };

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
    event: {
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
    },
    expected: {
      by: "aws.lambda.destination",
      spanName: "process my-function",
      parent: null,
      contexts: [null],
      keys: ["aws.lambda:e4b46cbf-b738-xmpl-8880-a18cdf61200e"],
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
    source: CONTEXT_OBJECT,
    event: { Payload: { ...stateContext, traceparent: TRACEPARENT } },
    expected: { by: "aws.stepfunctions", spanName: "state Charge", parent: SPAN_ID },
  },
  {
    name: "durable function, started with a context",
    source: DURABLE,
    event: {
      DurableExecutionArn: DURABLE_ARN,
      CheckpointToken: "token",
      InitialExecutionState: {
        Operations: [
          {
            Id: "0",
            Type: "EXECUTION",
            Status: "STARTED",
            ExecutionDetails: { InputPayload: JSON.stringify({ traceparent: TRACEPARENT }) },
          },
        ],
      },
    },
    caller,
    expected: {
      by: "aws.lambda.durable",
      spanName: undefined,
      parent: SPAN_ID,
      keys: [`aws.lambda:${DURABLE_ARN}`],
      attributes: { "hopscope.message.receive_count": 1 },
    },
  },
  {
    name: "CloudWatch Logs",
    source: LOGS,
    event: { awslogs: { data: "H4sIAAAAAAAAAHWPwQqCQBCGX0Xm7EFtK+smZBEUgXoLCdMhFtKV3akI8d0bLYmibvPPN3wz00CJxmQnTO41whwWQRIctmEcB6sQbFC3CjW3XW8kxpOpP+OC22d1Wml1qZkQGtoMsScxaczKN3plG8zlaHIta5KqWsozoTYw3/djzwhpLwivWFGHGpAFe7DL68JlBUk+l7KSN7tCOEJ4M3/qOI49vMHj+zCKdlFqLaU2ZHV2a4Ct/an0/ivdX8oYc1UVX860fQDQiMdxRQEAAA==" } },
    expected: { by: "aws.logs", spanName: "process logs", parent: null, attributes: { "faas.trigger": "datasource" } },
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
    expected: { by: "aws.iot", spanName: "provision device", parent: null },
  },
  {
    name: "SES",
    source: SES,
    event: { Records: [{ eventSource: "aws:ses", eventVersion: "1.0", ses: { mail: { messageId: "o3vrnil0e2ic28tr" }, receipt: {} } }] },
    expected: { by: "aws.ses", spanName: "process email", parent: null, keys: ["aws.ses:o3vrnil0e2ic28tr"] },
  },
];
