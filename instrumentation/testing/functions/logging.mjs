import { traced } from "hopscope";

export const handler = traced(async () => {
  console.log("order %d", 7);
  console.log({ order: 7 });
  console.error(Object.assign(new RangeError("no such order"), { code: "E_ORDER" }));
});
