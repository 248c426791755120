import { expect, it } from "vitest";
import { checkoutFunctions } from "../fixtures/functions.ts";
import { isSortKey, sortFunctions } from "./sort-functions.ts";

const names = (key: Parameters<typeof sortFunctions>[1], descending: boolean): string[] =>
  sortFunctions(checkoutFunctions.functions, key, descending).map((one) => one.name);

it("sorts numbers from the most and names from A", () => {
  expect(names("invocations", true)[0]).toBe("payment");
  expect(names("invocations", false)[0]).toBe("cancel-order");
  expect(names("name", true)[0]).toBe("cancel-order");
  expect(names("errors", true)).toEqual(["payment", "cancel-order", "checkout-api", "inventory"]);
});

it("puts functions without a value last", () => {
  expect(names("init", true).at(-1)).toBe("inventory");
  expect(names("memory", true).at(-1)).toBe("inventory");
});

it("knows its columns", () => {
  expect([isSortKey("p95"), isSortKey("toString"), isSortKey(undefined)]).toEqual([true, false, false]);
});
