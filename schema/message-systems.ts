/** How SDKs spell the systems whose messages are joined by identity (and, in SQL, schema/sql/003_hop_keys.sql). */

/** By spelling, the one that is used here. */
export const CANONICAL_SYSTEMS: ReadonlyMap<string, string> = new Map([
  ["AmazonSQS", "aws_sqs"],
  ["aws.sqs", "aws_sqs"],
  ["sqs", "aws_sqs"],
  ["aws_sns", "aws.sns"],
  ["AmazonSNS", "aws.sns"],
  ["sns", "aws.sns"],
]);

/** `AmazonSQS` is `aws_sqs`, `aws_sns` is `aws.sns`; what is not known stays as it is. */
export function canonicalSystem(system: string): string {
  return CANONICAL_SYSTEMS.get(system) ?? system;
}
