import { asText, type Fields, lastPart } from "../events/event-source.ts";
import { KINESIS_SYSTEM } from "../events/systems.ts";
import type { AwsCommands } from "./aws-command.ts";
import { identifyEntries, identifyOne, listOf } from "./batch.ts";
import { describeSend } from "./describe-send.ts";

const streamOf = (input: Fields): string | undefined => asText(input.StreamName) ?? lastPart(asText(input.StreamARN));
const idOf = ({ ShardId, SequenceNumber }: Fields): string | undefined =>
  asText(ShardId) && asText(SequenceNumber) && `${String(ShardId)}:${String(SequenceNumber)}`;

/**
 * Kinesis. A record is nothing but the user's bytes, so nothing is put into it: shard and sequence number, which
 * the consumer gets as the event's id, join the hop.
 *
 * @see https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
 */
export const kinesisCommands: AwsCommands = {
  "Kinesis.PutRecord": {
    kind: "producer",
    describe: (input) => describeSend(KINESIS_SYSTEM, streamOf(input), { body: input.Data }),
    identify: (output) => identifyOne(KINESIS_SYSTEM, idOf(output)),
  },
  "Kinesis.PutRecords": {
    kind: "producer",
    describe: (input) => describeSend(KINESIS_SYSTEM, streamOf(input), { count: listOf(input.Records).length }),
    identify: (output) => identifyEntries(KINESIS_SYSTEM, output.Records, idOf),
  },
};
