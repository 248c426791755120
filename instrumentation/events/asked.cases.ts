/** What asks a function for something in a form of its own, and carries neither a message nor a context. */
import { awsGo, awsRust, type EventCase, lambdaPage, powertools, sample } from "./event-case.ts";

const sam = (name: string): string =>
  sample("aws/aws-sam-cli", `samcli/lib/generated_sample_events/events/${name}.json`);
const powertoolsPython = (name: string): string =>
  sample("aws-powertools/powertools-lambda-python", `tests/events/${name}.json`);

/** Name, sample, and the members by which one could tell such an event. */
const rows: readonly (readonly [string, string, object])[] = [
  [
    "CloudFormation custom resource",
    sample("aws/aws-lambda-go", "cfn/testdata/cloudformation-event.json"),
    {
      RequestType: "Create",
      ResponseURL: "http://pre-signed-S3-url-for-response",
      StackId: "arn:aws:cloudformation:us-west-2:EXAMPLE/stack-name/guid",
      RequestId: "unique id for this create request",
      ResourceType: "Custom::TestResource",
      LogicalResourceId: "MyTestResource",
      ResourceProperties: { Name: "Value" },
    },
  ],
  [
    "Config rule",
    awsGo("config-event"),
    {
      configRuleId: "config-rule-0123456",
      version: "1.0",
      configRuleName: "periodic-config-rule",
      configRuleArn: "arn:aws:config:us-east-1:012345678912:config-rule/config-rule-0123456",
      invokingEvent: '{"configSnapshotId":"00000000-0000-0000-0000-000000000000"}',
      resultToken: "myResultToken",
      eventLeftScope: false,
      ruleParameters: '{"myParameterKey":"myParameterValue"}',
    },
  ],
  [
    "CodePipeline",
    awsGo("codepipeline-job-event"),
    { "CodePipeline.job": { id: "11111111-abcd-1111-abcd-111111abcdef", accountId: "111111111111", data: {} } },
  ],
  [
    "CodeCommit",
    awsGo("code-commit-event"),
    {
      Records: [
        {
          eventId: "5a824061-17ca-46a9-bbf9-114edeadbeef",
          codecommit: { references: [{ commit: "5c4ef1049f1d27deadbeeff313e0730018be182b", ref: "refs/heads/master" }] },
          eventSourceARN: "arn:aws:codecommit:us-east-1:123456789012:my-repo",
          eventSource: "aws:codecommit",
        },
      ],
    },
  ],
  [
    "CodeDeploy",
    powertoolsPython("codeDeployLifecycleHookEvent"),
    { DeploymentId: "d-ABCDEF", LifecycleEventHookExecutionId: "xxxxxxxxxxxxxxxxxxxxxxxx" },
  ],
  [
    "rotation of a secret",
    awsGo("secretsmanager-secret-rotation-event"),
    { Step: "createSecret", SecretId: "arn:aws:secretsmanager:us-east-1:111122223333:secret:id", ClientRequestToken: "1ab" },
  ],
  [
    "CloudWatch alarm",
    powertoolsPython("cloudWatchAlarmEventSingleMetric"),
    {
      source: "aws.cloudwatch",
      alarmArn: "arn:aws:cloudwatch:eu-west-1:912397435824:alarm:test_alarm",
      time: "2024-02-17T11:53:08.431+0000",
      alarmData: { alarmName: "Test alert", state: { value: "ALARM" } },
    },
  ],
  [
    "Bedrock agent",
    powertoolsPython("bedrockAgentEvent"),
    {
      actionGroup: "ClaimManagementActionGroup",
      messageVersion: "1.0",
      sessionAttributes: {},
      agent: { alias: "TSTALIASID", name: "test", version: "DRAFT", id: "8ZXY0W8P1H" },
      httpMethod: "GET",
      apiPath: "/claims",
    },
  ],
  [
    "Connect",
    awsGo("connect-event"),
    { Name: "ContactFlowExecution", Details: { Parameters: {}, ContactData: { ContactId: "ASDAcxcasDFSSDFs" } } },
  ],
  [
    "Lex, version 1",
    awsGo("lex-event"),
    { currentIntent: { name: "intent-name" }, bot: { name: "bot name" }, invocationSource: "DialogCodeHook" },
  ],
  [
    "Lex, version 2",
    sam("lex-v2/LexBookCar"),
    { sessionId: "254", sessionState: { intent: { name: "BookCar" } }, invocationSource: "DialogCodeHook", bot: {} },
  ],
  [
    "Alexa skill",
    sam("alexa-skills-kit/AlexaStartSession"),
    {
      version: "1.0",
      session: { new: true },
      context: { System: {} },
      request: { type: "LaunchRequest", requestId: "amzn1.echo-api.request.1", timestamp: "2016-10-27T18:21:44Z" },
    },
  ],
  [
    "Alexa smart home",
    sam("alexa-smart-home/AlexaSmartHomeDiscoveryRequest"),
    { header: { messageId: "F8752B11", name: "DiscoverAppliancesRequest", payloadVersion: "2" }, payload: {} },
  ],
  [
    "authorizer of IoT",
    awsGo("iot-custom-auth-request"),
    { token: "aToken", signatureVerified: true, protocols: ["tls"], protocolData: {}, connectionMetadata: { id: "e56f" } },
  ],
  ["button of IoT", awsGo("iot-button-event"), { serialNumber: "ABCDEFG12345", clickType: "SINGLE", batteryVoltage: "2000 mV" }],
  [
    "IoT Events",
    lambdaPage("services-iotevents"),
    { event: { eventName: "myChargedEvent", eventTime: 1_567_797_571_647, payload: { detector: {}, state: {} } } },
  ],
  [
    "Cognito Sync",
    awsGo("cognito-event"),
    { datasetName: "datasetName", eventType: "SyncTrigger", identityPoolId: "identityPoolId", version: 2 },
  ],
  [
    "Transfer Family",
    powertools("transfer-family/base"),
    { username: "value", password: "hidden", protocol: "SFTP", serverId: "s-abcd123456", sourceIp: "192.168.0.100" },
  ],
  [
    "Client VPN",
    awsGo("clientvpn-connectionhandler-request"),
    { "connection-id": "cvpn-connection-04e7", "endpoint-id": "cvpn-endpoint-0f13", "schema-version": "v1" },
  ],
  ["dashboard of CloudWatch", powertoolsPython("cloudWatchDashboardEvent"), { widgetContext: { dashboardName: "name" } }],
  ["WorkMail", sam("workmail/WorkMail"), { summaryVersion: "2018-10-10", envelope: {}, messageId: "0", flowDirection: "INBOUND" }],
  ["custom resource of CDK", awsRust("cloudformation-custom-resource-provider-create-request"), { RequestType: "Create", ResourceType: "Custom::A" }],
  ["batch of a template of AppSync", awsRust("appsync-batchinvoke"), { version: "2017-02-28", operation: "BatchInvoke", payload: [] }],
  ["state of Step Functions that has no context object", sam("stepfunctions/StepFunctionsError"), { Error: "e", Cause: "c" }],
];

export const askedCases: readonly EventCase[] = rows.map(([name, source, event]) => ({
  name,
  source,
  event,
  expected: { by: "invoke", spanName: undefined, kind: "server", parent: null, attributes: { "faas.trigger": "other" } },
}));
