import { s3Key } from "../events/envelope.ts";
import { asObject, asText, type Fields } from "../events/event-source.ts";
import { S3_SYSTEM } from "../events/systems.ts";
import type { AwsCommand, AwsCommands } from "./aws-command.ts";
import { describeSend } from "./describe-send.ts";

/** A write to a bucket, whose answer has the ETag in `tagIn(output)`. */
function write(tagIn: (output: Fields) => Fields | undefined): AwsCommand {
  return {
    kind: "client",
    describe(input) {
      const described = describeSend(S3_SYSTEM, asText(input.Bucket), { body: input.Body });
      return { ...described, attributes: { ...described.attributes, "aws.s3.key": asText(input.Key) ?? "" } };
    },
    identify(output, input) {
      const key = s3Key(input.Bucket, input.Key, output.VersionId, tagIn(output)?.ETag);
      return { keys: key ? [key] : [] };
    },
  };
}

/**
 * S3. An event of the bucket carries none of an object's metadata, so nothing is put there: bucket, key and
 * version or ETag join a write to what it triggers.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
 */
export const s3Commands: AwsCommands = {
  "S3.PutObject": write((output) => output),
  "S3.CompleteMultipartUpload": write((output) => output),
  "S3.CopyObject": write((output) => asObject(output.CopyObjectResult)),
};
