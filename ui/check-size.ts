import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

/** JavaScript of the first view, gzip: on a 1 Mbit/s line it is there within half a second. */
export const FIRST_VIEW_JS_MAX_BYTES = 60 * 1024;

/** A built file as Rollup names it: what it contains and what it loads before it runs. */
export interface BuiltChunk {
  fileName: string;
  isEntry: boolean;
  code: string;
  imports: string[];
}

/** Returns the gzip size, in bytes, of every entry chunk and all that it imports statically. */
export function firstViewBytes(chunks: BuiltChunk[]): number {
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const wanted = new Set(chunks.filter((chunk) => chunk.isEntry).map((chunk) => chunk.fileName));
  for (const name of wanted) {
    for (const imported of byName.get(name)?.imports ?? []) wanted.add(imported);
  }
  let sizeBytes = 0;
  for (const name of wanted) sizeBytes += gzipSync(byName.get(name)?.code ?? "", { level: 9 }).byteLength;
  return sizeBytes;
}

/** A build step that fails once the first view's JavaScript passes {@link FIRST_VIEW_JS_MAX_BYTES}. */
export function checkFirstViewSize(): Plugin {
  return {
    name: "hopscope:first-view-size",
    apply: "build",
    writeBundle(_options, bundle) {
      const chunks = Object.values(bundle).filter((output) => output.type === "chunk");
      const sizeBytes = firstViewBytes(chunks);
      if (sizeBytes > FIRST_VIEW_JS_MAX_BYTES) {
        this.error(`first view: ${sizeBytes} bytes of gzipped JavaScript, at most ${FIRST_VIEW_JS_MAX_BYTES}`);
      }
      this.info(`first view: ${(sizeBytes / 1024).toFixed(1)} KB of gzipped JavaScript`);
    },
  };
}
