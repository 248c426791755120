/**
 * Answers that are given before a request's body was read to its end. The client still sends: were the connection
 * closed at once, it might never read the answer; were it read for ever, anyone could keep it busy.
 */
import type { IncomingMessage, ServerResponse } from "node:http";

/** What is still read of a body of known length, so that its connection can be used again, bytes: most bodies. */
const reusableMaxBytes = 1024 * 1024;
/** For how long a body is read that nobody wants, ms: what a client needs to see that it is answered. */
const lingerMaxMs = 5_000;
/** How much of it, bytes: twice the largest that is taken, for those that are a little above it. */
const lingerMaxBytes = 128 * 1024 * 1024;

/** Whether more of the body may come than is worth its connection: the answer then says that it is closed. */
export function mustClose(request: IncomingMessage): boolean {
  if (request.complete) return false;
  const declared = request.headers["content-length"];
  if (declared !== undefined) return Number(declared) > reusableMaxBytes;
  return request.headers["transfer-encoding"] !== undefined;
}

/**
 * Sends the answer, whose head has its length and says that the connection is closed, and closes it once the rest of
 * the body was dropped, or is too much.
 */
export function answerAndLinger(request: IncomingMessage, response: ServerResponse, body: Uint8Array): void {
  let lingeredBytes = 0;
  const end = () => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, lingerMaxMs);
  request.on("data", (chunk: Buffer) => {
    lingeredBytes += chunk.length;
    if (lingeredBytes > lingerMaxBytes) end();
  });
  request.on("end", end).on("close", end);
  response.write(body);
}
