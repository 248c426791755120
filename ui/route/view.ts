/** A page and what its path says. */
export type View =
  | { page: "flows" }
  | { page: "flow"; traceId: string }
  | { page: "functions" }
  | { page: "alerts" }
  | { page: "compare" }
  | { page: "unknown" };

/** Returns the view that a path names. */
export function matchView(path: string): View {
  if (path === "/" || path === "/flows") return { page: "flows" };
  if (path === "/functions") return { page: "functions" };
  if (path === "/alerts") return { page: "alerts" };
  if (path === "/compare") return { page: "compare" };
  const flow = /^\/flows\/([^/]+)\/?$/.exec(path);
  return flow?.[1] === undefined ? { page: "unknown" } : { page: "flow", traceId: decodeURIComponent(flow[1]) };
}

/** Returns the address of a flow, with a row of its waterfall selected where one is given. */
export function flowPath(traceId: string, row?: string): string {
  return `/flows/${encodeURIComponent(traceId)}${row === undefined ? "" : `?row=${encodeURIComponent(row)}`}`;
}

/** Returns the address of two flows side by side. */
export function comparePath(flow: string, other: string): string {
  return `/compare?${new URLSearchParams({ flow, with: other }).toString()}`;
}

/** What the list of flows can be narrowed to by its address. Instants are ISO 8601. */
export interface FlowListAddress {
  readonly service?: string | undefined;
  readonly function?: string | undefined;
  readonly destination?: string | undefined;
  /** `key=value`. */
  readonly attribute?: string | undefined;
  readonly text?: string | undefined;
  /** A flow that another one is chosen to be compared with; '' for none yet. */
  readonly compare?: string | undefined;
  readonly status?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Returns the address of the list of flows, narrowed to what is given. */
export function flowListPath(address: FlowListAddress): string {
  const entries = Object.entries(address) as [string, string | undefined][];
  const given = entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  return `/?${new URLSearchParams(given).toString()}`;
}
