import { z } from "zod";
import { alertFileSchema } from "../../../schema/alert-rules.ts";

/** The JSON schema of `hopscope.alerts.yml`, for editors: made from what validates the file. */
export function alertFileJsonSchema(): Record<string, unknown> {
  return {
    $id: "hopscope.alerts.schema.json",
    title: "Hopscope alert rules",
    ...z.toJSONSchema(alertFileSchema, { io: "input", reused: "ref" }),
  };
}
