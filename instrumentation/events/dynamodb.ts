import {
  MESSAGE_KEYS,
  MESSAGE_SENT_MS,
  MESSAGING_DESTINATION_NAME,
  MESSAGING_MESSAGE_ID,
} from "@hopscope/schema/attributes";
import { identityByItem, identityByKey } from "./dynamodb-identity.ts";
import { asObject, asText } from "./event-source.ts";
import { recordSource } from "./messages.ts";
import { DYNAMODB_SYSTEM } from "./systems.ts";

/**
 * Records of a DynamoDB stream. Nothing carries a context there: identity alone joins them to the write.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
 */
export const dynamoDb = recordSource(
  "aws:dynamodb",
  { system: DYNAMODB_SYSTEM, faasTrigger: "datasource", stopsAtFailure: true },
  (fields) => {
    const change = asObject(fields.dynamodb) ?? {};
    const table = tableOf(asText(fields.eventSourceARN)) ?? "";
    // Seconds in Lambda's event; milliseconds where the table's stream is read with that precision.
    const created = Number(change.ApproximateCreationDateTime);
    const seconds = Math.floor(created > 1e11 ? created / 1000 : created);
    const timed = !Number.isNaN(seconds);
    const keys = timed ? [identityByKey(table, change.Keys, seconds)] : [];
    if (timed && change.NewImage !== undefined) keys.push(identityByItem(table, change.NewImage, seconds));
    return {
      itemId: asText(change.SequenceNumber),
      attributes: {
        [MESSAGING_DESTINATION_NAME]: table,
        [MESSAGING_MESSAGE_ID]: asText(fields.eventID),
        [MESSAGE_KEYS]: keys,
        [MESSAGE_SENT_MS]: seconds * 1000,
        "db.operation.name": asText(fields.eventName),
      },
    };
  },
);

/** `orders` of `arn:aws:dynamodb:us-east-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000`. */
function tableOf(arn: string | undefined): string | undefined {
  return arn === undefined ? undefined : /:table\/([^/]+)/.exec(arn)?.[1];
}
