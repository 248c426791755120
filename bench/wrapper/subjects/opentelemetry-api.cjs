/** The API alone, without which no OpenTelemetry SDK begins. */
require("@opentelemetry/api");
exports.handler = async () => ({ batchItemFailures: [] });
