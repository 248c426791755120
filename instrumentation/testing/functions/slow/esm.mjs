import { busy } from "./busy.cjs";

busy(20);
