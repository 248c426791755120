/** What AWS demands of message attributes, as pure checks: each answers the problem in words, or undefined. */

/** A message attribute as the APIs take it. */
export interface AttributeValue {
  readonly DataType?: string | undefined;
  readonly StringValue?: string | undefined;
  readonly BinaryValue?: string | undefined;
}
/** Attributes by name. */
export type MessageAttributes = Readonly<Record<string, AttributeValue>>;

/** Attributes of one SQS message, and of one SNS message that goes to SQS by raw delivery. */
export const MESSAGE_ATTRIBUTES_MAX = 10;
const NAME_LENGTH_MAX = 256;
const RESERVED_PREFIX = /^(aws|amazon)\./i;
const NAME_FORM = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;

/**
 * Why SQS would refuse these attributes.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
 */
export function sqsAttributesProblem(attributes: MessageAttributes = {}): string | undefined {
  const names = Object.keys(attributes);
  if (names.length > MESSAGE_ATTRIBUTES_MAX) {
    return `Number of message attributes [${names.length}] exceeds the allowed maximum [${MESSAGE_ATTRIBUTES_MAX}].`;
  }
  for (const [name, value] of Object.entries(attributes)) {
    if (RESERVED_PREFIX.test(name)) return `Message attribute name '${name}' starts with a reserved prefix.`;
    const problem = nameProblem(name) ?? valueProblem(name, value);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/**
 * Why SNS would refuse these attributes. SNS takes more than ten: only raw delivery to SQS discards such a message.
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html
 */
export function snsAttributesProblem(attributes: MessageAttributes): string | undefined {
  for (const [name, value] of Object.entries(attributes)) {
    const problem = nameProblem(name) ?? valueProblem(name, value);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function nameProblem(name: string): string | undefined {
  return name.length <= NAME_LENGTH_MAX && NAME_FORM.test(name)
    ? undefined
    : `Message attribute name '${name}' is invalid.`;
}

function valueProblem(name: string, value: AttributeValue): string | undefined {
  const content = value.DataType?.startsWith("Binary") ? value.BinaryValue : value.StringValue;
  if (content !== undefined && content !== "") return undefined;
  const type = value.DataType ?? "String";
  return `The message attribute '${name}' must contain a non-empty value for message attribute type '${type}'.`;
}
