import "./slow/esm.mjs";
import required from "./slow/outer.cjs";

const { later } = await import("./slow/later.mjs");

export const handler = async () => {
  await import("./slow/too-late.mjs");
  return `${required} ${later}`;
};
