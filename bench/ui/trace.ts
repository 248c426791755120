/** What a page's main thread worked between two instants, out of the browser's trace. */

/** Milliseconds; of the thread's own time but for `wallMs`. */
export interface Work {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly styleMs: number;
  readonly layoutMs: number;
  readonly paintMs: number;
}

/** Of the trace event format, what is read here; times in microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly cat: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  /** Of the thread: what others did in between does not count. */
  readonly tdur?: number;
  readonly args?: { readonly data?: { readonly url?: string; readonly requestId?: string } };
}

const PAINTS = new Set(["PrePaint", "Paint", "Layerize", "Commit"]);

/**
 * The work from the last byte of the answer whose address ends in `path` to the mark that the page made.
 *
 * @throws Error where the trace has not both
 */
export function workBetween(trace: string, path: string, mark: string): Work {
  const { traceEvents } = JSON.parse(trace) as { traceEvents: TraceEvent[] };
  const painted = traceEvents.find(({ name, cat }) => name === mark && cat.includes("user_timing"));
  const asked = traceEvents.find(({ name, args }) => name === "ResourceSendRequest" && args?.data?.url?.endsWith(path));
  const requestId = asked?.args?.data?.requestId;
  const finished = traceEvents.find(({ name, args }) => name === "ResourceFinish" && args?.data?.requestId === requestId);
  if (!painted || !finished) throw new Error(`the trace has no ${painted ? `answer of ${path}` : `mark ${mark}`}`);
  const between = traceEvents.filter(
    ({ ph, pid, tid, ts }) =>
      ph === "X" && pid === painted.pid && tid === painted.tid && ts >= finished.ts && ts < painted.ts,
  );
  const sumMs = (isCounted: (name: string) => boolean): number =>
    between.reduce((sum, { name, tdur = 0 }) => sum + (isCounted(name) ? tdur : 0), 0) / 1_000;
  return {
    wallMs: (painted.ts - finished.ts) / 1_000,
    cpuMs: sumMs((name) => name === "RunTask"),
    styleMs: sumMs((name) => name === "UpdateLayoutTree"),
    layoutMs: sumMs((name) => name === "Layout"),
    paintMs: sumMs((name) => PAINTS.has(name)),
  };
}
