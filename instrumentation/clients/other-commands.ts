import { RPC_METHOD, RPC_SERVICE, RPC_SYSTEM } from "@hopscope/schema/attributes";
import { asText, defined, lastPart } from "../events/event-source.ts";
import type { AwsCommand } from "./aws-command.ts";

/**
 * Any call that sends no message, as a CLIENT span. Names of tables and buckets are recorded, contents never.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/cloud-providers/aws-sdk/
 */
export function otherCommand(service: string, operation: string): AwsCommand {
  return {
    kind: "client",
    describe: (input) => ({
      spanName: `${service}.${operation}`,
      attributes: defined({
        [RPC_SYSTEM]: "aws-api",
        [RPC_SERVICE]: service,
        [RPC_METHOD]: operation,
        ...(service === "DynamoDB" && {
          "db.system.name": "aws.dynamodb",
          "db.operation.name": operation,
          "db.collection.name": lastPart(asText(input.TableName)),
        }),
        "aws.s3.bucket": asText(input.Bucket),
        "messaging.destination.name": lastPart(asText(input.QueueUrl) ?? asText(input.TopicArn)),
      }),
    }),
  };
}
