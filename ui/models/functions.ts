import { computed, createModel } from "@preact/signals";
import type { FunctionListResponse } from "@hopscope/schema/api";
import { fetchFunctions } from "../api/client.ts";
import { queryValue, setQuery } from "../route/router.ts";
import { sortFunctions, isSortKey, type SortKey } from "./sort-functions.ts";
import { Poll } from "./poll.ts";
import { range, rangeStart } from "./time-range.ts";

/** Rollups are per minute; twice as often as that shows the present minute growing. */
const REFRESH_MS = 15_000;

/** The functions of the picked range, sorted as the address says. */
export const FunctionsModel = createModel(() => {
  const poll = new Poll<FunctionListResponse>({
    load: (signal) => fetchFunctions({ from: rangeStart(range.value) }, signal),
    everyMs: () => REFRESH_MS,
  });
  const sortKey = computed<SortKey>(() => {
    const key = queryValue("sort");
    return isSortKey(key) ? key : "invocations";
  });
  const descending = computed(() => queryValue("order") !== "asc");
  const functions = computed(() => sortFunctions(poll.answer.value?.functions ?? [], sortKey.value, descending.value));
  const sortBy = (key: SortKey): void => {
    const turn = key === sortKey.peek() && descending.peek();
    setQuery({ sort: key === "invocations" ? undefined : key, order: turn ? "asc" : undefined }, "replace");
  };
  return { poll, sortKey, descending, functions, sortBy };
});
