/** Records of the open segment that stay in memory for the loader, so that it need not read the file back. */
import { BlockJoiner } from "./block-joiner.ts";
import type { SegmentRecord } from "./segment.ts";

/** What is kept of one segment after another. */
export interface KeptRecords {
  /** Keeps a record, whose memory is given back as soon as nobody needs it. */
  add(record: SegmentRecord): void;
  /** Everything added since the last call, in order: the same rows and requests, in as many records as may be. */
  take(): SegmentRecord[];
  /** Forgets what was added since {@link take}. */
  drop(): void;
}

/** The records as they are. */
export class ListedRecords implements KeptRecords {
  #records: SegmentRecord[] = [];

  add(record: SegmentRecord): void {
    this.#records.push(record);
  }

  take(): SegmentRecord[] {
    const records = this.#records;
    this.#records = [];
    return records;
  }

  drop(): void {
    for (const { release } of this.take()) release?.();
  }
}

/** Their blocks of rows joined into few, which costs the store less. */
export class JoinedRecords implements KeptRecords {
  readonly #joiner = new BlockJoiner();
  #requests: string[] = [];

  add({ payload, requests, release }: SegmentRecord): void {
    this.#joiner.add(payload);
    this.#requests.push(...requests);
    release?.();
  }

  take(): SegmentRecord[] {
    const requests = this.#requests;
    this.#requests = [];
    return this.#joiner.finish().map(({ bytes, rows, release }, index) => {
      return { payload: bytes, rows, requests: index === 0 ? requests : [], release };
    });
  }

  drop(): void {
    this.#joiner.reset();
    this.#requests = [];
  }
}
