/**
 * `node:http(s)` before Node 22.12, which tells of a request only when its headers are on their way: the one method
 * that every request calls right before it writes them. Loaded on those Nodes alone.
 */
import { ClientRequest } from "node:http";

interface Internals {
  _implicitHeader(): void;
}

/** Calls `listener` with each request while its headers can still be set; it must not throw. */
export function beforeHeaders(listener: (request: object) => void): void {
  const prototype = ClientRequest.prototype as unknown as Internals;
  const original = prototype._implicitHeader;
  prototype._implicitHeader = function (this: Internals): void {
    listener(this);
    original.call(this);
  };
}
