/** As an OpenTelemetry layer sets it up: the SDK, and the instrumentation that wraps the handler as it is loaded. */
const { join } = require("node:path");
process.env._HANDLER = "plain.handler";
process.env.LAMBDA_TASK_ROOT = __dirname;
process.env.OTEL_EXPORTER_OTLP_ENDPOINT = "http://127.0.0.1:9";
process.env.OTEL_METRICS_EXPORTER = "none";
process.env.OTEL_LOGS_EXPORTER = "none";
const { NodeSDK } = require("@opentelemetry/sdk-node");
const { AwsLambdaInstrumentation } = require("@opentelemetry/instrumentation-aws-lambda");
const nothing = { onStart() {}, onEnd() {}, forceFlush: async () => {}, shutdown: async () => {} };
new NodeSDK({ instrumentations: [new AwsLambdaInstrumentation()], spanProcessors: [nothing] }).start();
exports.handler = require(join(__dirname, "plain.cjs")).handler;
try {
  exports.handler = require(join(__dirname, "plain")).handler;
} catch {
  // It looks for plain.js, plain.mjs and plain.cjs itself; the handler above is the one it wrapped.
}
