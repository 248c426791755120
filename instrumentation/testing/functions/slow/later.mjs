import { busy } from "./busy.cjs";

busy(15);
export const later = "later";
