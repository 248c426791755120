process.env.POWERTOOLS_TRACE_ENABLED = "true";
process.env.AWS_XRAY_CONTEXT_MISSING = "IGNORE_ERROR";
const { Tracer } = require("@aws-lambda-powertools/tracer");
const tracer = new Tracer({ serviceName: "bench" });
/** As its guide shows it for a handler that is a function. */
exports.handler = async () => {
  const segment = tracer.getSegment();
  const subsegment = segment?.addNewSubsegment("## handler");
  if (subsegment) tracer.setSegment(subsegment);
  tracer.annotateColdStart();
  tracer.addServiceNameAnnotation();
  subsegment?.close();
  if (segment) tracer.setSegment(segment);
  return { batchItemFailures: [] };
};
