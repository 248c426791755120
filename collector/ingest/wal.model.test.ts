import * as fc from "fast-check";
import { expect, it } from "vitest";
import { ForgetfulDisk } from "../../test/support/forgetful-disk.ts";
import { silentLog } from "../store/log.ts";
import { Wal } from "./wal.ts";

type Step =
  | { readonly do: "append"; readonly sizeBytes: number }
  | { readonly do: "close" }
  | { readonly do: "load" }
  /** The store took the segment, and the collector died before it knew. */
  | { readonly do: "loadUnnoticed" }
  | { readonly do: "diskFull"; readonly roomBytes: number }
  | { readonly do: "diskRoom" }
  | { readonly do: "syncFails" }
  | { readonly do: "kill" }
  /** Of the write under way a part was made, and none of it made durable. */
  | { readonly do: "killInWrite"; readonly sizeBytes: number; readonly keptFraction: number }
  | { readonly do: "powerCut"; readonly keptFraction: number; readonly zeros: boolean; readonly undoRemovals: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant("append" as const), sizeBytes: fc.integer({ min: 1, max: 400 }) }) },
  { weight: 3, arbitrary: fc.constant({ do: "close" as const }) },
  { weight: 3, arbitrary: fc.constant({ do: "load" as const }) },
  { weight: 1, arbitrary: fc.constant({ do: "loadUnnoticed" as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("diskFull" as const), roomBytes: fc.integer({ min: 0, max: 600 }) }) },
  { weight: 1, arbitrary: fc.constant({ do: "diskRoom" as const }) },
  { weight: 1, arbitrary: fc.constant({ do: "syncFails" as const }) },
  { weight: 1, arbitrary: fc.constant({ do: "kill" as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("killInWrite" as const),
      sizeBytes: fc.integer({ min: 1, max: 400 }),
      keptFraction: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("powerCut" as const),
      keptFraction: fc.double({ min: 0, max: 1, noNaN: true }),
      zeros: fc.boolean(),
      undoRemovals: fc.boolean(),
    }),
  },
);

/** A log on a forgetful disk, a store that knows its tokens, and what must hold of both. */
class World {
  readonly disk = new ForgetfulDisk();
  readonly acknowledged: string[] = [];
  readonly attempted = new Set<string>();
  readonly stored: string[] = [];
  readonly #tokens = new Set<string>();
  #wal: Wal | undefined;
  #next = 1;

  async start(): Promise<void> {
    const files = this.disk.mount();
    this.#wal = await Wal.open({ dir: "/wal", log: silentLog, files, segmentMaxBytes: 900, readyFromBytes: 1 });
  }

  get wal(): Wal {
    if (!this.#wal) throw new Error("not started");
    return this.#wal;
  }

  async take(step: Step): Promise<void> {
    if (step.do === "append") await this.#append(step.sizeBytes);
    else if (step.do === "close") this.wal.closeSegment();
    else if (step.do === "load") await this.#load(true);
    else if (step.do === "loadUnnoticed") await this.#load(false);
    else if (step.do === "diskFull") this.disk.roomBytes = step.roomBytes;
    else if (step.do === "diskRoom") this.disk.roomBytes = Infinity;
    else if (step.do === "syncFails") this.disk.failSync = true;
    else {
      const appending = step.do === "killInWrite" ? this.#append(step.sizeBytes) : undefined;
      // A killed process leaves its unsynced writes to the kernel, which keeps them.
      if (step.do === "kill") this.disk.cutPower({ keptFraction: 1, zeros: false, undoRemovals: false });
      else this.disk.cutPower({ zeros: false, undoRemovals: false, ...step });
      await appending;
      await this.start();
    }
  }

  async drain(): Promise<void> {
    this.disk.roomBytes = Infinity;
    this.disk.failSync = false;
    await this.wal.close();
    while (this.wal.first()) await this.#load(true);
  }

  async #append(sizeBytes: number): Promise<void> {
    const id = `${String(this.#next++)}:`.padEnd(sizeBytes, "x");
    this.attempted.add(id);
    try {
      await this.wal.append({ payload: Buffer.from(id), rows: 1, requests: [] });
      this.acknowledged.push(id);
    } catch {
      // Not acknowledged: it may be there or not.
    }
  }

  async #load(noticed: boolean): Promise<void> {
    const segment = this.wal.first();
    if (!segment) return;
    const { id, records, damagedBytes } = await this.wal.read(segment);
    expect(damagedBytes).toBe(0);
    if (!this.#tokens.has(id)) this.stored.push(...records.map((record) => Buffer.from(record.payload).toString()));
    this.#tokens.add(id);
    if (noticed) await this.wal.finish(segment, { damaged: false });
  }
}

it("whatever happens to process, power and disk, what was acknowledged is stored once, in order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: "max" }), async (steps) => {
      const world = new World();
      await world.start();
      for (const one of steps) await world.take(one);
      await world.drain();
      const acknowledged = new Set(world.acknowledged);
      expect(world.stored.filter((id) => acknowledged.has(id))).toEqual(world.acknowledged);
      expect(new Set(world.stored).size).toBe(world.stored.length);
      for (const id of world.stored) expect(world.attempted).toContain(id);
      expect(world.wal.counts.damagedSegments).toBe(0);
    }),
    { numRuns: 250 },
  );
});

it("a damaged segment is set aside and counted, and what is whole in it and round it is loaded", async () => {
  const world = new World();
  await world.start();
  for (let index = 0; index < 9; index += 1) {
    await world.take({ do: "append", sizeBytes: 100 });
    if (index % 3 === 2) await world.take({ do: "close" });
  }
  const [, second] = world.wal.segments();
  if (!second) throw new Error("no second segment");
  world.disk.corrupt(second.path, 32 + 24 + 50);
  await world.take({ do: "kill" });
  const payloads: string[] = [];
  for (let segment = world.wal.first(); segment; segment = world.wal.first()) {
    const content = await world.wal.read(segment);
    payloads.push(...content.records.map((record) => Buffer.from(record.payload).toString()));
    await world.wal.finish(segment, { damaged: content.damagedBytes > 0 });
  }
  expect(payloads).toEqual(world.acknowledged.filter((_, index) => index !== 3));
  expect(world.wal.counts).toMatchObject({ damagedSegments: 1, tornTails: 0 });
  expect(await world.disk.list("/wal/damaged")).toHaveLength(1);
});
