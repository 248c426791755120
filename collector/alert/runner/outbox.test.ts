import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ChannelInput } from "../../../schema/alert-rules.ts";
import { testMessage } from "../message/render.ts";
import type { Delivered, Delivery } from "./journal.ts";
import { Outbox } from "./outbox.ts";

const hook: ChannelInput = { type: "webhook", url: "https://hooks.example/" };
const CHANNELS: ReadonlyMap<string, ChannelInput> = new Map([
  ["a", hook],
  ["b", hook],
]);

function delivery(channel: string, incident: number, sequence: number): Delivery {
  const id = `${String(incident)}#${String(sequence)}`;
  const message = { ...testMessage(channel, "", 0), id, incident: String(incident) };
  return { id: `${id}@${channel}`, channel, createdMs: 0, message };
}

interface World {
  outbox: Outbox;
  waiting: Map<string, Delivery>;
  taken: string[];
  clock: { nowMs: number };
  answer: { take: () => boolean; maySend: boolean };
}

function open(deliveries: readonly Delivery[], retryAfterMs?: number): World {
  const waiting = new Map(deliveries.map((one) => [one.id, one]));
  const taken: string[] = [];
  const clock = { nowMs: 0 };
  const answer = { take: () => true, maySend: true };
  const outbox = new Outbox({
    channels: () => CHANNELS,
    send: async (_, message) => {
      await Promise.resolve();
      if (!answer.take())
        return { ok: false, error: "answered 500", ...(retryAfterMs !== undefined && { retryAfterMs }) };
      taken.push(message.id);
      return { ok: true };
    },
    maySend: () => answer.maySend,
    onDone: ({ id }: Delivered) => waiting.delete(id),
    nowMs: () => clock.nowMs,
    random: () => 0.5,
  });
  return { outbox, waiting, taken, clock, answer };
}

describe("40: any failures of any channel", () => {
  it("deliver every message once, each incident's in its order, the end never before the beginning", async () => {
    const failures = fc.array(fc.boolean(), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom("a", "b"), fc.nat(3)), { maxLength: 30 }),
        failures,
        async (given, fails) => {
          const sequences = new Map<number, number>();
          const deliveries = given.map(([channel, incident]) => {
            // An incident goes to one channel here, so that the order of its ids is its own.
            const key = incident * 2 + (channel === "a" ? 0 : 1);
            const sequence = (sequences.get(key) ?? 0) + 1;
            sequences.set(key, sequence);
            return delivery(channel, key, sequence);
          });
          const { outbox, waiting, taken, clock, answer } = open(deliveries);
          const left = [...fails];
          answer.take = () => left.shift() !== false;
          for (let round = 0; round < 200 && waiting.size > 0; round++) {
            outbox.pump(waiting.values());
            await outbox.idle();
            clock.nowMs += 60_000;
          }
          expect([...taken].sort()).toEqual(deliveries.map((one) => one.message.id).sort());
          for (const [incident, count] of sequences) {
            const order = taken.filter((id) => id.startsWith(`${String(incident)}#`));
            expect(order).toEqual(Array.from({ length: count }, (_, n) => `${String(incident)}#${String(n + 1)}`));
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("the outbox", () => {
  it("waits longer after each failed try, and as long as the receiver asks", async () => {
    const tries: number[] = [];
    const { outbox, waiting, clock, answer } = open([delivery("a", 1, 1)], 5_000);
    answer.take = () => {
      tries.push(clock.nowMs);
      return false;
    };
    for (; clock.nowMs < 60_000; clock.nowMs += 1_000) {
      outbox.pump(waiting.values());
      await outbox.idle();
    }
    expect(tries).toEqual([0, 5_000, 10_000, 15_000, 23_000, 39_000]);
  });

  it("gives an incident up as a whole after a day, its end with its beginning", async () => {
    const { outbox, waiting, clock, answer, taken } = open([
      delivery("a", 1, 1),
      delivery("a", 1, 2),
      delivery("a", 2, 1),
    ]);
    answer.take = () => false;
    outbox.pump(waiting.values());
    await outbox.idle();
    clock.nowMs = 25 * 3_600_000;
    outbox.pump([...waiting.values()].slice(0, 2));
    await outbox.idle();
    answer.take = () => true;
    outbox.pump(waiting.values());
    await outbox.idle();
    expect(taken).toEqual(["2#1"]);
    expect(outbox.health.get("a")).toMatchObject({ givenUp: 2, sent: 1 });
  });

  it("sends nothing while the lease is not certain", async () => {
    const { outbox, waiting, answer, taken } = open([delivery("a", 1, 1)]);
    answer.maySend = false;
    outbox.pump(waiting.values());
    await outbox.idle();
    expect(taken).toEqual([]);
  });

  it("gives up what goes to a channel that is gone", async () => {
    const { outbox, waiting } = open([delivery("gone", 1, 1)]);
    outbox.pump(waiting.values());
    await outbox.idle();
    expect(waiting.size).toBe(0);
  });
});
