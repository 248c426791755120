/** What every group of API routes begins with: validation that answers as the contract says. */
import { OpenAPIHono } from "@hono/zod-openapi";
import { errorResponseSchema } from "../../schema/api.ts";
import type { Store } from "../store/store.ts";
import { fromZod } from "./api-error.ts";

/** What every route may use. */
export interface ApiContext {
  readonly store: Store;
  /** Milliseconds since the epoch; tests set it. */
  readonly now: () => number;
}

/** A router whose requests are validated; a wrong one is answered with 400 and the field at fault. */
export function apiRouter(): OpenAPIHono {
  return new OpenAPIHono({
    defaultHook(result) {
      if (result.success) return;
      // What was validated is there, though its type does not say so.
      throw fromZod(result.error, "data" in result ? result.data : undefined);
    },
  });
}

/** A JSON answer for a route's description. */
export function jsonAnswer<Schema>(description: string, schema: Schema) {
  return { description, content: { "application/json": { schema } } };
}

const errorAnswer = (description: string) => jsonAnswer(description, errorResponseSchema);

/** The error answers that every route may give. */
export const ERROR_ANSWERS = {
  400: errorAnswer("A parameter is not valid, or what it asks for goes past a limit; the answer names it."),
  401: errorAnswer("The password is needed."),
  500: errorAnswer("The collector failed; its log says why."),
  503: errorAnswer("The store does not answer; Retry-After says when to come again."),
} as const;

/** For routes that look one thing up. */
export const NOT_FOUND_ANSWER = { 404: errorAnswer("There is no such thing.") } as const;
