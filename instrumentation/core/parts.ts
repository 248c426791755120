/** Parts of this package that lie in files of their own and are read only where they are asked for. */
import { describeError, report } from "./report.ts";

let loading: Promise<void> | undefined;

/** What is being loaded; undefined when nothing is. Never rejects. */
export function loadingParts(): Promise<void> | undefined {
  return loading;
}

/** Loads a part, for which `name` is what asked for it, and hands it to `use`. Reports instead of throwing. */
export function loadPart<T>(name: string, part: Promise<T>, use: (part: T) => void): void {
  const before = loading;
  const loaded = part
    .then(use)
    .catch((error: unknown) => report(`${name} failed to load: ${describeError(error)}`))
    .then(() => before)
    .then(() => {
      if (loading === loaded) loading = undefined;
    });
  loading = loaded;
}
