/** Ingestion's control flow: check, transcode, append, make durable, acknowledge; loading runs beside it. */
import { join } from "node:path";
import type { Log } from "../store/log.ts";
import type { Store } from "../store/store.ts";
import { aborted } from "./aborted.ts";
import { unavailable } from "./errors.ts";
import { kernelMemoryKeptMaxBytes, rejectMessageMaxLength, retryAfterS } from "./limits.ts";
import { JsonWalker } from "./json-walker.ts";
import { JoinedRecords } from "./kept-records.ts";
import { Loader } from "./loader.ts";
import { otlpJsonToProtobuf, UnreadableSpans } from "./otlp-json.ts";
import type { OtlpEncoding, Received } from "./received.ts";
import { withDefaults, type ReceiverLimits } from "./receiver-limits.ts";
import type { ReceiverStats } from "./receiver-stats.ts";
import { LACKS, REFUSAL_REASONS, type RefusalReason } from "./refusal-reasons.ts";
import { RecentRequests } from "./recent-requests.ts";
import { SpanTranscoder, type Transcoded } from "./transcode-spans.ts";
import { UnsampledIntake } from "./unsampled-counts.ts";
import { diskFiles, type WalFiles } from "./wal-files.ts";
import { Wal } from "./wal.ts";

/** How often the room on the disk, and what the transcoder takes, is looked at, ms. */
const checkIntervalMs = 1_000;
/** When to look again whether the loader is done with a segment before, ms. */
const loaderBusyRecheckMs = 20;
/** How long closing waits for the store to take what is left; the rest stays in the log, ms. */
const drainDefaultMs = 1_000;

/** Where spans go, and how long they are kept, days. */
export interface ReceiverOptions {
  readonly store: Store;
  /** Its `wal` folder holds the log. */
  readonly dataDir: string;
  readonly retentionDays: number;
  readonly log: Log;
  readonly limits?: ReceiverLimits | undefined;
  readonly files?: WalFiles | undefined;
}

/** The collector's door for OTLP, whichever transport it came by. */
export interface Receiver {
  /**
   * Takes a decompressed `ExportTraceServiceRequest` and resolves once its spans are durable.
   *
   * @throws OtlpError 400 malformed; 503 where there is no room, or the disk failed
   */
  receiveTraces(body: Uint8Array, encoding: OtlpEncoding): Promise<Received>;
  /**
   * Takes a decompressed `ExportMetricsServiceRequest` and resolves once the wrapper's counts in it are stored.
   * Undefined where it holds none.
   *
   * @throws OtlpError 400 malformed; 503 where the store does not take them now
   */
  receiveMetrics(body: Uint8Array, encoding: OtlpEncoding): Promise<Received | undefined>;
  /**
   * Whether spans would be taken now, to be asked before a body is read.
   *
   * @throws OtlpError 503 where there is no room, or the collector is stopping
   */
  admit(): void;
  /** Counts a body against the memory that bodies may take, from its first byte until its answer. */
  hold(): HeldBytes;
  /** Counts a request that was refused before it came here. */
  countRefused(reason: RefusalReason): void;
  stats(): ReceiverStats;
  /** Takes no more, acknowledges what is under way, loads what the store takes within `drainMs`. */
  close(drainMs?: number): Promise<void>;
}

/** Memory that one request holds. */
export interface HeldBytes {
  /**
   * Counts `sizeBytes` more.
   *
   * @throws OtlpError 503 where there is no room
   */
  add(sizeBytes: number): void;
  /** Gives all of it back. */
  release(): void;
}

/** What became of a request that may be JSON. */
interface TranscodedJson extends Transcoded {
  /** Spans of which nothing could be read. */
  readonly unreadable?: number;
}

interface Waiting {
  readonly fingerprint: string;
  readonly settle: () => void;
  readonly fail: (error: unknown) => void;
}

/** Opens the log, starts to load what an earlier collector left, and takes requests. */
export async function openReceiver(options: ReceiverOptions): Promise<Receiver> {
  const { store, log, dataDir, files = diskFiles, limits } = options;
  const dir = join(dataDir, "wal");
  const recent = await RecentRequests.open(join(dir, "requests"), files);
  const onLeft = (requests: readonly string[]) => {
    for (const request of requests) recent.add(request);
  };
  const { spareSizeMaxBytes } = withDefaults(limits);
  const wal = await Wal.open({ dir, log, files, spareSizeMaxBytes, keepRecords: () => new JoinedRecords(), onLeft });
  const loader = new Loader({ wal, store, recent, table: "spans", log });
  const receiver = new OpenReceiver(options, wal, recent, loader);
  await receiver.start();
  return receiver;
}

class OpenReceiver implements Receiver {
  readonly #options: ReceiverOptions;
  readonly #wal: Wal;
  readonly #recent: RecentRequests;
  readonly #loader: Loader;
  #transcoder: SpanTranscoder;
  /** Whether what a large request took is to be given back as soon as no row is in it. */
  #renewDue = false;
  readonly #json = new JsonWalker();
  readonly #unsampled: UnsampledIntake;
  readonly #limits: Required<ReceiverLimits>;
  /** Requests transcoded but not durable, by fingerprint: a repeat waits for the first. */
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #counts = { requests: 0, spans: 0, bytes: 0, unreadableSpans: 0, repeats: 0, commits: 0 };
  readonly #refused = Object.fromEntries(REFUSAL_REASONS.map((reason) => [reason, 0])) as Record<RefusalReason, number>;
  #waiting: Waiting[] = [];
  #committing: Promise<void> | undefined;
  #closeTimer: NodeJS.Timeout | undefined;
  /** Whether the commit under way closes the segment. */
  #closeDue = false;
  #diskTimer: NodeJS.Timeout | undefined;
  #diskFreeBytes = Infinity;
  #inFlightBytes = 0;
  #toldLack: keyof typeof LACKS | undefined;
  #closed = false;
  #closing: Promise<void> | undefined;

  constructor(options: ReceiverOptions, wal: Wal, recent: RecentRequests, loader: Loader) {
    this.#options = options;
    this.#wal = wal;
    this.#recent = recent;
    this.#loader = loader;
    this.#transcoder = new SpanTranscoder({ retentionDays: options.retentionDays });
    this.#unsampled = new UnsampledIntake(options);
    this.#limits = withDefaults(options.limits);
  }

  async start(): Promise<void> {
    await this.#checkDisk();
    this.#diskTimer = setInterval(() => this.#lookAround(), checkIntervalMs).unref();
    this.#loader.wake();
  }

  async receiveTraces(body: Uint8Array, encoding: OtlpEncoding): Promise<Received> {
    this.admit();
    const transcoded: TranscodedJson = encoding === "json" ? this.#transcodeJson(body) : this.#transcoder.transcode(body);
    this.#counts.requests += 1;
    this.#counts.bytes += body.length;
    const { fingerprint, spans } = transcoded;
    const first = this.#underWay.get(fingerprint);
    const isRepeat = spans > 0 && (first !== undefined || this.#recent.has(fingerprint));
    if (!isRepeat) this.#counts.unreadableSpans += transcoded.unreadable ?? 0;
    if (spans === 0) return answer(transcoded);
    if (isRepeat) {
      this.#transcoder.undo();
      this.#counts.repeats += 1;
      await first;
      return answer(transcoded);
    }
    const durable = new Promise<void>((settle, fail) => this.#waiting.push({ fingerprint, settle, fail }));
    this.#underWay.set(fingerprint, durable);
    this.#commit();
    try {
      await durable;
    } finally {
      this.#underWay.delete(fingerprint);
    }
    this.#counts.spans += spans;
    return answer(transcoded);
  }

  #transcodeJson(body: Uint8Array): TranscodedJson {
    const unreadable = new UnreadableSpans();
    const protobuf = this.#json.toProtobuf(body) ?? otlpJsonToProtobuf(body, unreadable);
    const transcoded = this.#transcoder.transcode(protobuf);
    if (unreadable.spans === 0) return transcoded;
    const rejectMessage = [...unreadable.reasons, transcoded.rejectMessage].filter((reason) => reason !== "").join("; ");
    const { spans } = unreadable;
    return { ...transcoded, unreadable: spans, rejected: transcoded.rejected + spans, rejectMessage };
  }

  async receiveMetrics(body: Uint8Array, encoding: OtlpEncoding): Promise<Received | undefined> {
    if (this.#closed) throw this.#refuse("the collector is stopping", "stopping");
    return this.#unsampled.receive(body, encoding);
  }

  admit(): void {
    if (this.#closed) throw this.#refuse("the collector is stopping", "stopping");
    const lack = this.#lackOfRoom();
    if (lack !== undefined) throw this.#refuse(LACKS[lack], lack);
  }

  hold(): HeldBytes {
    let held = 0;
    return {
      add: (sizeBytes) => {
        if (this.#inFlightBytes + sizeBytes > this.#limits.inFlightMaxBytes) {
          throw this.#refuse("too many requests at a time", "in-flight");
        }
        this.#inFlightBytes += sizeBytes;
        held += sizeBytes;
      },
      release: () => {
        this.#inFlightBytes -= held;
        held = 0;
      },
    };
  }

  countRefused(reason: RefusalReason): void {
    this.#refused[reason] += 1;
  }

  stats(): ReceiverStats {
    const since = this.#wal.oldestSince;
    const { unreadableSpans, ...counts } = this.#counts;
    const { rejectedIds: id, rejectedDepths: depth } = this.#transcoder.counts;
    return {
      ...counts,
      rejectedSpans: { id, depth, malformed: unreadableSpans },
      refused: { ...this.#refused },
      inFlightBytes: this.#inFlightBytes,
      kernelBytes: this.#transcoder.memoryBytes,
      walBytes: this.#wal.sizeBytes,
      walSpareBytes: this.#wal.spareBytes,
      walSegments: this.#wal.closedSegments,
      diskFreeBytes: this.#diskFreeBytes,
      lagS: since === undefined ? 0 : (performance.now() - since) / 1000,
      transcode: this.#transcoder.counts,
      wal: this.#wal.counts,
      load: this.#loader.counts,
      loadError: this.#loader.lastError,
    };
  }

  close(drainMs = drainDefaultMs): Promise<void> {
    return (this.#closing ??= this.#close(drainMs));
  }

  async #close(drainMs: number): Promise<void> {
    this.#closed = true;
    clearInterval(this.#diskTimer);
    clearTimeout(this.#closeTimer);
    while (this.#committing) await this.#committing;
    await this.#wal.close();
    const deadline = AbortSignal.timeout(drainMs);
    await this.#loader.drained(deadline);
    await Promise.race([this.#loader.stop(), aborted(deadline)]);
    await this.#recent.close();
  }

  #refuse(message: string, reason: RefusalReason): Error {
    return unavailable(message, retryAfterS, reason);
  }

  /** Group commit: while one is under way, the requests that come gather for the next. */
  #commit(): void {
    this.#committing ??= this.#commitAll().finally(() => {
      this.#committing = undefined;
    });
  }

  async #commitAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      // Requests whose bytes have arrived already join this commit.
      await new Promise((settle) => setImmediate(settle));
      const waiting = this.#waiting;
      this.#waiting = [];
      const blocks = this.#transcoder.takeBlocks();
      if (this.#renewDue) this.#renewTranscoder();
      const requests = waiting.map(({ fingerprint }) => fingerprint);
      try {
        // One record a commit: a crash keeps all of a request or nothing of it.
        const [only] = blocks.length === 1 ? blocks : [];
        await this.#wal.append({
          payload: only?.bytes ?? Buffer.concat(blocks.map(({ bytes }) => bytes)),
          release: only?.release,
          rows: blocks.reduce((sum, { rows }) => sum + rows, 0),
          requests,
        });
        this.#counts.commits += 1;
        for (const { fingerprint, settle } of waiting) {
          this.#recent.add(fingerprint);
          settle();
        }
      } catch (error) {
        this.#options.log.error({ error: String(error) }, "spans could not be made durable");
        const refusal = unavailable(`spans could not be made durable: ${String(error)}`, retryAfterS, "disk-error");
        for (const { fail } of waiting) fail(refusal);
      }
      if (this.#closeDue) this.#wal.closeSegment();
      this.#closeDue = false;
      this.#closeSoon();
    }
  }

  /** Sees to it that the open segment reaches the store in time; a slow store gets fewer and larger ones. */
  #closeSoon(): void {
    if (this.#wal.first()) this.#loader.wake();
    const since = this.#wal.openSince;
    if (this.#closeTimer || this.#closeDue || since === undefined || this.#closed) return;
    const least = this.#loader.isBusy ? loaderBusyRecheckMs : 0;
    const inMs = Math.max(since + this.#limits.segmentAgeMaxMs - performance.now(), least);
    this.#closeTimer = setTimeout(() => {
      this.#closeTimer = undefined;
      this.#closeNow();
    }, inMs);
  }

  #closeNow(): void {
    // Under load one commit follows another without end: then the one under way closes it.
    if (!this.#loader.isBusy && this.#committing) this.#closeDue = true;
    else if (!this.#loader.isBusy) this.#wal.closeSegment();
    this.#closeSoon();
  }

  #lookAround(): void {
    void this.#checkDisk();
    this.#renewDue = this.#transcoder.memoryBytes > kernelMemoryKeptMaxBytes;
    if (this.#renewDue && this.#transcoder.rows === 0) this.#renewTranscoder();
  }

  #renewTranscoder(): void {
    this.#renewDue = false;
    this.#transcoder = this.#transcoder.renewed();
  }

  async #checkDisk(): Promise<void> {
    const { files = diskFiles } = this.#options;
    const { diskFreeMinBytes, spareSizeMaxBytes } = this.#limits;
    const freeBytes = () => files.freeBytes(this.#wal.dir).catch(() => this.#diskFreeBytes);
    // What is kept for later goes before a request is refused for want of room.
    await this.#wal.tidy((await freeBytes()) >= diskFreeMinBytes + spareSizeMaxBytes);
    this.#diskFreeBytes = await freeBytes();
    this.#tellLack();
  }

  #lackOfRoom(): keyof typeof LACKS | undefined {
    if (this.#wal.sizeBytes > this.#limits.walSizeMaxBytes) return "wal-full";
    return this.#diskFreeBytes < this.#limits.diskFreeMinBytes ? "disk-full" : undefined;
  }

  /** Once when it begins, and once when it is over: clients come again by themselves, and say little. */
  #tellLack(): void {
    const lack = this.#lackOfRoom();
    if (lack === this.#toldLack) return;
    this.#toldLack = lack;
    const room = { walBytes: this.#wal.sizeBytes, diskFreeBytes: this.#diskFreeBytes };
    if (lack === undefined) this.#options.log.info(room, "spans are taken again");
    else this.#options.log.warn({ ...room, loadError: this.#loader.lastError }, `spans are refused (503): ${LACKS[lack]}`);
  }
}

function answer({ spans, rejected, rejectMessage }: Transcoded): Received {
  return { accepted: spans, rejected, rejectMessage: rejectMessage.slice(0, rejectMessageMaxLength) };
}
