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

function writing(operation: string, writesOf: (input: Fields) => Write[]): AwsCommand {
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

const tableOf = (given: unknown): string | undefined => lastPart(asText(given));

function oneWrite(input: Fields): Write {
  const table = tableOf(input.TableName);
  return input.Item === undefined ? { table, key: input.Key } : { table, item: input.Item };
}

function batchWrites(input: Fields): Write[] {
  return Object.entries(asObject(input.RequestItems) ?? {}).flatMap(([table, requests]) =>
    listOf(requests).map((request): Write => {
      const put = asObject(request.PutRequest);
      const name = tableOf(table);
      return put ? { table: name, item: put.Item } : { table: name, key: asObject(request.DeleteRequest)?.Key };
    }),
  );
}

function transactWrites(input: Fields): Write[] {
  return listOf(input.TransactItems).flatMap((entry) => {
    const write = asObject(entry.Put) ?? asObject(entry.Update) ?? asObject(entry.Delete);
    return write ? [oneWrite(write)] : [];
  });
}

/**
 * DynamoDB writes, by a plain client or a document client: what they wrote, and when, joins them to the table's
 * stream. A put is found by the whole item, so only where the stream has new images.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_StreamRecord.html
 */
export const dynamoDbCommands: AwsCommands = Object.fromEntries(
  [
    ["PutItem", (input: Fields) => [oneWrite(input)]] as const,
    ["UpdateItem", (input: Fields) => [oneWrite(input)]] as const,
    ["DeleteItem", (input: Fields) => [oneWrite(input)]] as const,
    ["BatchWriteItem", batchWrites] as const,
    ["TransactWriteItems", transactWrites] as const,
  ].map(([operation, writesOf]) => [`DynamoDB.${operation}`, writing(operation, writesOf)]),
);
