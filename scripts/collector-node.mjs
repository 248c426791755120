/**
 * How Node runs the collector: bodies of requests are memory outside V8's heap, and with a heap as small as this V8
 * answers each 10 MB of them with a full collection, six a second under load. One third of the collector's CPU went
 * there until the heap was told to begin at a size that has room for them, MB. Young objects get 16 MB a half, so that
 * those of one answer or request are gone before they are copied.
 */
export const collectorNodeOptions = ["--initial-old-space-size=64", "--max-semi-space-size=16"];
