/**
 * A receiver in a process of its own, for the test that kills it: sends itself spans for ever and prints the id of
 * each that was acknowledged. Arguments: data directory, ClickHouse URL, database.
 */
import { randomBytes } from "node:crypto";
import { writeSync } from "node:fs";
import { connectStore } from "../store/connection.ts";
import { silentLog } from "../store/log.ts";
import { remoteEndpoint } from "../store/open-store.ts";
import { ProtobufWriter } from "./protobuf-writer.ts";
import { openReceiver } from "./receive.ts";

const [dataDir = "", clickhouseUrl = "", database = ""] = process.argv.slice(2);
const sendersCount = 4;

const store = connectStore({ endpoint: remoteEndpoint(clickhouseUrl), database });
const limits = { segmentAgeMaxMs: 5 };
const receiver = await openReceiver({ store, dataDir, retentionDays: 30, log: silentLog, limits });
await Promise.all(Array.from({ length: sendersCount }, sendForever));

async function sendForever(): Promise<never> {
  for (;;) {
    const ids = [randomBytes(8), randomBytes(8)];
    await receiver.receiveTraces(request(ids), "protobuf");
    writeSync(1, ids.map((id) => `${id.toString("hex")}\n`).join(""));
  }
}

function request(ids: readonly Buffer[]): Buffer {
  const writer = new ProtobufWriter();
  const now = BigInt(Date.now()) * 1_000_000n;
  writer.message(1, () =>
    writer.message(2, () => {
      for (const id of ids) {
        writer.message(2, () => {
          writer.bytes(1, randomBytes(16));
          writer.bytes(2, id);
          writer.string(5, "work");
          writer.fixed64(7, now);
          writer.fixed64(8, now);
        });
      }
    }),
  );
  return writer.end();
}
