process.env.DD_TRACE_ENABLED = "true";
process.env.DD_FLUSH_TO_LOG = "true";
process.env.DD_LOG_LEVEL = "off";
require("dd-trace").init({ logLevel: "error" });
const { datadog } = require("datadog-lambda-js");
exports.handler = datadog(async () => ({ batchItemFailures: [] }));
