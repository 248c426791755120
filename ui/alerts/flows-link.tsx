import type { JSX } from "preact";
import type { AlertFlows } from "./alert-flows-path.ts";

/** Leads from an alert to its flows, where it says which they are. */
export function FlowsLink({ flows }: { flows: AlertFlows | undefined }): JSX.Element | null {
  return flows === undefined ? null : <a href={flows.path}>{flows.words}</a>;
}
