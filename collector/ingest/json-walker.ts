/** OTLP/JSON to protobuf without an object made of it: kernel/json.ts, with a memory of its own. */
import { isUtf8 } from "node:buffer";
import { kernelDropped } from "./dropped-kernels.ts";
import { newKernel, type KernelExports } from "./kernel-instance.ts";
import { jsonMemoryKeptMaxBytes } from "./limits.ts";

/** Walks request after request. */
export class JsonWalker {
  #kernel: KernelExports | undefined;

  /**
   * The request as `otlpJsonToProtobuf` makes it, which is valid until the next call. Undefined where it is not as
   * nearly all senders write it, or is wrong: that is for `otlpJsonToProtobuf` to say.
   */
  toProtobuf(body: Uint8Array): Uint8Array | undefined {
    if (!isUtf8(body)) return undefined;
    const kernel = (this.#kernel ??= newKernel());
    // A large request's memory goes with its kernel.
    if (body.length > jsonMemoryKeptMaxBytes) {
      this.#kernel = undefined;
      kernelDropped();
    }
    const place = kernel.jsonRoom(body.length) >>> 0;
    const { buffer } = kernel.memory;
    new Uint8Array(buffer, place, body.length).set(body);
    if (kernel.walkJson() === 0) return undefined;
    const [at = 0, size = 0] = new Uint32Array(buffer, kernel.protobuf.value, 2);
    return new Uint8Array(buffer, at, size);
  }
}
