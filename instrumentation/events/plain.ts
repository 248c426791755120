import { FAAS_TRIGGER } from "@hopscope/schema/attributes";
import type { Trigger } from "./event-source.ts";

/** An event that no source knows: the invocation starts a trace of its own. */
export function plainTrigger(): Trigger {
  return { spanName: undefined, kind: "server", attributes: { [FAAS_TRIGGER]: "other" } };
}
