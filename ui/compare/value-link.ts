import { flowListPath } from "../route/view.ts";

/** A stretch of time in the address of the list, ISO 8601. */
export interface Stretch {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Returns the address of the list of flows, narrowed to those with a span that has the value. */
export function flowsWith(key: string, value: string, stretch: Stretch = {}): string {
  switch (key) {
    case "service.name":
      return flowListPath({ service: value, ...stretch });
    case "faas.name":
      return flowListPath({ function: value, ...stretch });
    case "messaging.destination.name":
      return flowListPath({ destination: value, ...stretch });
    case "name":
      return flowListPath({ text: value, ...stretch });
    case "status":
      return flowListPath({ status: value === "error" ? value : "ok", ...stretch });
    default:
      return flowListPath({ attribute: `${key}=${value}`, ...stretch });
  }
}
