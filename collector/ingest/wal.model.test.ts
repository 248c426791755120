import * as fc from "fast-check";
import { expect, it } from "vitest";
import { ForgetfulDisk, type PowerCut } from "../../test/support/forgetful-disk.ts";
import { silentLog } from "../store/log.ts";
import { numberOf } from "./segment-names.ts";
import { decodeSegment, type SegmentContent } from "./segment.ts";
import { Wal } from "./wal.ts";

/** What is under way when the process ends, and for how many of its turns it was. */
interface Crash {
  readonly in: "append" | "load" | "close" | "nothing";
  readonly sizeBytes: number;
  readonly turns: number;
  /** A part of its last write is made. */
  readonly keptFraction: number;
  /** Undefined where only the process ends. */
  readonly power: Omit<PowerCut, "keptFraction"> | undefined;
}

type Step =
  | { readonly do: "append"; readonly sizeBytes: number }
  | { readonly do: "close" }
  | { readonly do: "load" }
  /** The store took the segment, and the collector died before it knew. */
  | { readonly do: "loadUnnoticed" }
  | { readonly do: "diskFull"; readonly roomBytes: number }
  | { readonly do: "diskRoom" }
  | { readonly do: "syncFails" }
  | { readonly do: "tidy"; readonly hasRoom: boolean; readonly isIdle: boolean }
  /** What a file holds that is kept to be written over does not matter. */
  | { readonly do: "scribble"; readonly by: number }
  | { readonly do: "crash"; readonly crash: Crash };

const sizeBytes = fc.integer({ min: 1, max: 400 });
const fraction = fc.double({ min: 0, max: 1, noNaN: true });
const crash: fc.Arbitrary<Crash> = fc.record({
  in: fc.constantFrom("append", "append", "load", "close", "nothing"),
  sizeBytes,
  turns: fc.nat(90),
  keptFraction: fc.oneof(fc.constant(1), fraction),
  power: fc.option(
    fc.record({
      sectors: fc.oneof(fc.constantFrom("all" as const, "none" as const), fc.nat(10_000)),
      zeros: fc.boolean(),
      undoneNames: fc.oneof(fc.constantFrom(0, 1), fraction),
    }),
    { nil: undefined },
  ),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ do: fc.constant("append" as const), sizeBytes }) },
  { weight: 4, arbitrary: fc.constant({ do: "close" as const }) },
  { weight: 5, arbitrary: fc.constant({ do: "load" as const }) },
  { weight: 1, arbitrary: fc.constant({ do: "loadUnnoticed" as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("diskFull" as const), roomBytes: fc.nat(600) }) },
  { weight: 1, arbitrary: fc.constant({ do: "diskRoom" as const }) },
  { weight: 1, arbitrary: fc.constant({ do: "syncFails" as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("tidy" as const), hasRoom: fc.boolean(), isIdle: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("scribble" as const), by: fc.nat(500) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("crash" as const), crash }) },
);

function payloadsOf({ records }: SegmentContent): string[] {
  return records.map((record) => Buffer.from(record.payload).toString());
}

/** A log on a forgetful disk, a store that knows its tokens, and what must hold of both. */
class World {
  readonly disk = new ForgetfulDisk();
  readonly acknowledged: string[] = [];
  readonly attempted = new Set<string>();
  readonly stored: string[] = [];
  /** By token: what was in it, and, where no file may have it any more, how often names had become durable by then. */
  readonly #tokens = new Map<string, { readonly payloads: string[]; goneAt: number | undefined }>();
  #wal: Wal | undefined;
  #next = 1;
  #crashes = 0;

  async start(): Promise<void> {
    this.#wal = await Wal.open({
      dir: "/wal",
      log: silentLog,
      files: this.disk.mount(),
      segmentMaxBytes: 900,
      readyFromBytes: 600,
      spareSizeMaxBytes: 3_000,
    });
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
    else if (step.do === "tidy") await this.wal.tidy(step.hasRoom, step.isIdle ? Infinity : undefined);
    else if (step.do === "crash") await this.#crash(step.crash);
    else this.disk.scribble(".spare", (bytes) => Buffer.concat([bytes.subarray(step.by), bytes.subarray(0, step.by)]));
  }

  async drain(): Promise<void> {
    this.disk.roomBytes = Infinity;
    this.disk.failSync = false;
    await this.wal.close();
    while (this.wal.first()) await this.#load(true);
  }

  async #crash({ in: what, sizeBytes, turns, keptFraction, power }: Crash): Promise<void> {
    let underWay: Promise<unknown> = Promise.resolve();
    if (what === "append") underWay = this.#append(sizeBytes);
    else if (what === "load") underWay = this.#load(true).catch(ifTheDiskIsGone);
    else if (what === "close") underWay = this.wal.close().catch(ifTheDiskIsGone);
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    expect(this.wal.counts.damagedSegments).toBe(0);
    this.#crashes += 1;
    if (power) {
      this.disk.cutPower({ keptFraction, ...power });
      for (const token of this.#tokens.values()) if (token.goneAt === this.disk.nameSyncs) token.goneAt = undefined;
    } else this.disk.kill(keptFraction);
    await underWay;
    await this.start();
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
    const { wal, disk } = this;
    const segment = wal.first();
    if (!segment) return;
    const content = await wal.read(segment);
    const payloads = payloadsOf(content);
    expect(content).toMatchObject({ damagedBytes: 0, tailBytes: 0 });
    if (segment.kept) {
      const inFile = decodeSegment(await disk.read(segment.path), numberOf(segment.path.slice("/wal/".length)));
      expect(payloadsOf(inFile)).toEqual(payloads);
    }
    const before = this.#tokens.get(content.id);
    if (before) {
      // A store knows a repeat by its token and by what is in it, and not for ever.
      expect(payloads).toEqual(before.payloads);
      expect(before.goneAt).toBeUndefined();
    } else {
      this.stored.push(...payloads);
      this.#tokens.set(content.id, { payloads, goneAt: undefined });
    }
    if (!noticed) return;
    const crashes = this.#crashes;
    await wal.finish(segment, { damaged: false });
    if (crashes === this.#crashes) this.#tokens.set(content.id, { payloads, goneAt: disk.nameSyncs });
  }
}

function ifTheDiskIsGone(error: unknown): void {
  if (!String(error).includes("the power is gone")) throw error;
}

it("whatever happens to process, power and disk, what was acknowledged is stored once, in order", async () => {
  let reuses = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80, size: "max" }), fc.constantFrom(0, 1, 3, 20), async (steps, writeTurns) => {
      const world = new World();
      world.disk.writeTurns = writeTurns;
      await world.start();
      for (const one of steps) await world.take(one);
      await world.drain();
      const acknowledged = new Set(world.acknowledged);
      expect(world.stored.filter((id) => acknowledged.has(id))).toEqual(world.acknowledged);
      expect(new Set(world.stored).size).toBe(world.stored.length);
      for (const id of world.stored) expect(world.attempted).toContain(id);
      expect(world.wal.counts.damagedSegments).toBe(0);
      expect(await world.disk.list("/wal")).toEqual([]);
      reuses += world.disk.reuses;
    }),
    { numRuns: 400 },
  );
  expect(reuses).toBeGreaterThan(100);
});

it.for([
  { name: "new files", rounds: 1 },
  { name: "files that held others before", rounds: 4 },
])("in $name a damaged segment is set aside and counted, and what is whole in it and round it is loaded", async ({ rounds }) => {
  const world = new World();
  await world.start();
  for (let round = 1; round < rounds; round += 1) {
    for (let index = 0; index < 9; index += 1) await world.take({ do: "append", sizeBytes: 250 });
    for (let index = 0; index < 9; index += 1) await world.take({ do: "load" });
  }
  expect(world.disk.reuses > 0).toBe(rounds > 1);
  world.wal.closeSegment();
  while (world.wal.first()) await world.take({ do: "load" });
  const from = world.acknowledged.length;
  for (let index = 0; index < 9; index += 1) {
    await world.take({ do: "append", sizeBytes: 100 });
    if (index % 3 === 2) await world.take({ do: "close" });
  }
  const [, second] = world.wal.segments();
  if (!second) throw new Error("no second segment");
  world.disk.corrupt(second.path, 32 + 40 + 50);
  await world.take({ do: "crash", crash: { in: "nothing", sizeBytes: 0, turns: 9, keptFraction: 1, power: undefined } });
  const payloads: string[] = [];
  for (let segment = world.wal.first(); segment; segment = world.wal.first()) {
    const content = await world.wal.read(segment);
    payloads.push(...payloadsOf(content));
    await world.wal.finish(segment, { damaged: content.damagedBytes > 0 });
  }
  expect(payloads).toEqual(world.acknowledged.slice(from).filter((_, index) => index !== 3));
  expect(world.wal.counts).toMatchObject({ damagedSegments: 1, tornTails: 0 });
  expect(await world.disk.list("/wal/damaged")).toHaveLength(1);
});
