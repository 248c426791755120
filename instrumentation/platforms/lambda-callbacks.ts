/** The ways to end an invocation that Lambda's runtime clients had before Node 24. */
import { asObject } from "../events/event-source.ts";

type Finish = (failure: { readonly error: unknown } | undefined, result: unknown) => Promise<void>;

/**
 * The arguments of a handler with its callback, and `done`, `fail` and `succeed` of its context, going through
 * `finish` first. The context stays the runtime's own object.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html
 */
export function interceptLegacyEnds(args: readonly unknown[], finish: Finish): unknown[] {
  const [event, context, callback, ...rest] = args;
  const end = (target: unknown, self: unknown, values: unknown[], error: unknown, result: unknown): void => {
    const failure = error === undefined || error === null ? undefined : { error };
    void finish(failure, result).then(() => {
      Reflect.apply(target as () => void, self, values);
    });
  };
  const object = asObject(context);
  for (const name of ["done", "fail", "succeed"] as const) {
    const original = object?.[name];
    if (!object || typeof original !== "function") continue;
    // A context that cannot be changed stays as it is: its handler ends by the callback, or goes unseen.
    Reflect.set(object, name, (...values: unknown[]): void => {
      const [first, second] = values;
      if (name === "succeed") end(original, object, values, undefined, first);
      else end(original, object, values, name === "fail" ? (first ?? "failed") : first, second);
    });
  }
  const wrapped = (...values: unknown[]): void => end(callback, undefined, values, values[0], values[1]);
  return [event, context, wrapped, ...rest];
}
