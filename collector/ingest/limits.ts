/** Every bound of the ingestion, with its unit and its reason. */

/** Size of a request body, bytes, before and after decompression: the OTLP specification's default. */
export const requestSizeMaxBytes = 64 * 1024 * 1024;

/** Size of a request in JSON, bytes, whose memory is kept for the next: many times what exporters send at once. */
export const jsonMemoryKeptMaxBytes = 8 * 1024 * 1024;

/** Levels of arrays and maps inside an attribute's value; protobuf libraries stop at 100 messages, 2 a level. */
export const valueDepthMax = 50;

/** Characters of the reasons in one partial success; a response must stay far below 4 MiB. */
export const rejectMessageMaxLength = 1_000;

/**
 * Spans of one request that are rejected one by one, some 10 us each; a request with more is refused as a whole. It is
 * more than exporters send at once, and 64 MiB of empty spans would keep the collector for minutes.
 */
export const rejectionsMax = 10_000;

/** Rows of one Native block: what fits the caches; a commit under load has 1,000 to 5,000. */
export const blockRowsMax = 16_384;

/**
 * Memory of a kernel that is kept, bytes: a full block of spans of 12 attributes needs 23 MiB. What grew beyond it for
 * a large request is dropped soon after.
 */
export const kernelMemoryKeptMaxBytes = 64 * 1024 * 1024;

/** How far ahead of this host's clock a span may start, ns; beyond it the clock is wild, not skewed. */
export const clockAheadMaxNs = 3_600_000_000_000n;

/** Distinct attribute keys that the transcoder remembers; beyond them it starts anew, so memory is bounded. */
export const keyTableMax = 8_192;

/** Distinct resources and scopes that the transcoder remembers as bytes with their columns. */
export const contextCacheMax = 1_024;

/**
 * Size of a segment, bytes, at which it is closed: about 250,000 spans, one insert and one part in the store. Larger
 * ones are cheaper still, but a small store must be able to take one at a time.
 */
export const segmentSizeMaxBytes = 64 * 1024 * 1024;

/**
 * Size of a segment, bytes, from which on the file of the next is made while one is written. Below it a few requests a
 * second come, of which none waits for another.
 */
export const readyFromBytes = 1024 * 1024;

/**
 * Files of loaded segments that are kept to be written over. Under load one is written, one is ready, and one or two
 * are loaded, so one or two wait here.
 */
export const spareFilesMax = 4;

/**
 * Bytes of these files: two of the largest segments. What is kept is missing on the disk; it is not in the bytes of
 * the log that {@link walSizeMaxBytes} bounds, and goes before anything is refused for want of room.
 */
export const spareSizeMaxBytes = 128 * 1024 * 1024;

/** Size of a file, bytes, that is kept however little of it was used: small segments differ, and cost nothing. */
export const spareSmallMaxBytes = 1024 * 1024;

/** Part of a larger file that its segment must have filled, or it goes: the load became less. */
export const spareUsedMin = 1 / 8;

/** For how long these files are kept where none of them is needed, ms: a pause between two bursts, not a night. */
export const spareIdleMaxMs = 60_000;

/**
 * Segments inserted at a time, where one is closed before the other is done: while one is parsed and sorted by one
 * thread, or synced, the views of the other use the second core. The store holds their bytes several times: no more.
 */
export const loadsAtATime = 2;

/**
 * Inserts for which the store's merges wait while it is behind: a burst of six million spans. Each leaves a part in
 * every table that a look-up has to look into, 5 ms of CPU for a page of flows, beside the dozen that are there at most
 * as a rule; `spans` has as many before it is merged.
 */
export const mergesHeldMaxInserts = 16;

/** Bytes of segments whose records stay in memory until they are loaded: two at full load; others are read again. */
export const keptSegmentsMaxBytes = 128 * 1024 * 1024;

/**
 * Age at which a segment with data is closed, ms: a span is found two seconds after its acknowledgement, of which the
 * insert takes up to one. An insert costs the store 0.1 s of CPU for its views alone, so there should be few.
 */
export const segmentAgeMaxMs = 800;

/** Bytes of segments not yet in the store at which new requests are refused: an hour of a small system. */
export const walSizeMaxBytes = 4 * 1024 ** 3;

/** Room that must stay free on the disk for the store's merges, and so that deleting always works, bytes. */
export const diskFreeMinBytes = 256 * 1024 * 1024;

/** Bytes of request bodies in hand at a time, decompressed; more are refused until these are acknowledged. */
export const inFlightMaxBytes = 256 * 1024 * 1024;

/** For how long a repeat of a request is recognised, ms: exporters retry for one minute, collectors for five. */
export const replayWindowMs = 10 * 60 * 1000;

/** Requests remembered at a time (16 bytes each and the map round them): 300 a second over the window. */
export const replayEntriesMax = 200_000;

/** Between two tries to load a segment while the store is away, ms. */
export const loadRetryMinMs = 100;
/** The longest such pause, after several tries, ms. */
export const loadRetryMaxMs = 5_000;

/** What a refused client is told to wait, seconds. */
export const retryAfterS = 2;
