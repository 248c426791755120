import { createHmac, randomBytes } from "node:crypto";

const SIGNATURE_CHARACTERS = 16;

/** Makes receipt handles that only their maker accepts, without remembering any. */
export interface ReceiptHandles {
  /** The handle to give out for the emulator's own one. */
  seal(handle: string): string;
  /** The emulator's own handle; undefined for one that was never given out. */
  open(sealed: string): string | undefined;
}

/**
 * SQS answers ReceiptHandleIsInvalid to a handle it never issued, but takes one that has expired or was used.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html
 */
export function createReceiptHandles(): ReceiptHandles {
  const secret = randomBytes(16);
  const sign = (handle: string): string =>
    createHmac("sha256", secret).update(handle).digest("hex").slice(0, SIGNATURE_CHARACTERS);
  return {
    seal: (handle) => handle + sign(handle),
    open: (sealed) => {
      const handle = sealed.slice(0, -SIGNATURE_CHARACTERS);
      return sealed === handle + sign(handle) ? handle : undefined;
    },
  };
}
