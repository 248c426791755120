import { identityByItem, identityByKey } from "../events/dynamodb-identity.ts";
import { asObject, asText, type Fields, lastPart } from "../events/event-source.ts";
import { DYNAMODB_SYSTEM } from "../events/systems.ts";
import type { AwsCommand, AwsCommands, CallTimes } from "./aws-command.ts";
import { listOf } from "./batch.ts";
import { describeSend } from "./describe-send.ts";

/** One write: a whole item, or the key of what is changed. */
interface Write {
  readonly table: string | undefined;
  readonly item?: unknown;
  readonly key?: unknown;
}

/** Clocks of a client and of DynamoDB are taken to differ by less, seconds. */
const CLOCK_DIFFERENCE_S = 1;
/** Longest call that is given identities, seconds: each second of it is one more. */
const CALL_MAX_S = 5;

function writing(operation: string): AwsCommand {
  return {
    kind: "client",
    describe(input) {
      const writes = writesOf(input);
      const table = writes[0]?.table;
      const described = describeSend(DYNAMODB_SYSTEM, table, { count: writes.length > 1 ? writes.length : undefined });
      return {
        spanName: `DynamoDB.${operation}`,
        attributes: {
          ...described.attributes,
          "db.system.name": DYNAMODB_SYSTEM,
          "db.operation.name": operation,
          ...(table && { "db.collection.name": table }),
        },
      };
    },
    identify: (_output, input, times) => ({ keys: writesOf(input).flatMap((write) => identities(write, times)) }),
  };
}

function identities({ table, item, key }: Write, { startMs, endMs }: CallTimes): string[] {
  if (!table) return [];
  const first = Math.floor(startMs / 1000) - CLOCK_DIFFERENCE_S;
  const last = Math.min(Math.floor(endMs / 1000) + CLOCK_DIFFERENCE_S, first + CALL_MAX_S);
  return Array.from({ length: last - first + 1 }, (_, offset) =>
    item === undefined ? identityByKey(table, key, first + offset) : identityByItem(table, item, first + offset),
  );
}

function oneWrite({ TableName, Item, Key }: Fields): Write {
  return { table: lastPart(asText(TableName)), item: Item, key: Key };
}

/** What a call writes: of one item, of several tables, or in a transaction. */
function writesOf(input: Fields): Write[] {
  const { RequestItems, TransactItems } = input;
  if (TransactItems) {
    return listOf(TransactItems).flatMap(({ Put, Update, Delete }) => {
      const write = asObject(Put ?? Update ?? Delete);
      return write ? [oneWrite(write)] : [];
    });
  }
  if (!RequestItems) return [oneWrite(input)];
  return Object.entries(asObject(RequestItems) ?? {}).flatMap(([TableName, requests]) =>
    listOf(requests).map(({ PutRequest, DeleteRequest }) =>
      oneWrite({ ...asObject(PutRequest ?? DeleteRequest), TableName }),
    ),
  );
}

/**
 * DynamoDB writes, by a plain client or a document client: what they wrote, and when, joins them to the table's
 * stream. A put is found by the whole item, so only where the stream has new images.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_StreamRecord.html
 */
export const dynamoDbCommands: AwsCommands = Object.fromEntries(
  ["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"].map((operation) => [
    `DynamoDB.${operation}`,
    writing(operation),
  ]),
);
