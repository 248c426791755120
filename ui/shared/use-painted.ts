import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

/** Returns whether the component has been painted once: what is out of sight at first can wait until then. */
export function usePainted(): boolean {
  const isPainted = useSignal(false);
  // Effects run after the paint.
  useEffect(() => {
    isPainted.value = true;
  }, []);
  return isPainted.value;
}
