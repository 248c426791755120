import { fileURLToPath } from "node:url";

/** The checkout's root, with a slash at the end. */
export const root = fileURLToPath(new URL("../", import.meta.url));
