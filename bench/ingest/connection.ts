/** One kept-alive HTTP/1.1 connection that posts bodies as cheaply as can be, so that the load measures the server. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";

const HEAD_END = "\r\n\r\n";
/** An answer has less than two hundred bytes; Node would make a buffer of 64 KB for each. */
const readBytes = 1024;

export interface Target {
  readonly port: number;
  readonly contentType: string;
  /** Of Content-Encoding; '' for none. */
  readonly encoding: string;
}

/** Takes one request at a time. Its answers must have a Content-Length. */
export class Connection {
  readonly #socket: Socket;
  readonly #head: string;
  #answer = "";
  #settle: (status: number) => void = () => undefined;
  #fail: (error: Error) => void = () => undefined;

  private constructor({ port, contentType, encoding }: Target) {
    this.#head =
      `POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1:${String(port)}\r\nContent-Type: ${contentType}\r\n` +
      `${encoding === "" ? "" : `Content-Encoding: ${encoding}\r\n`}Content-Length: `;
    const buffer = Buffer.alloc(readBytes);
    const callback = (size: number) => {
      this.#read(buffer.toString("latin1", 0, size));
      return true;
    };
    const onread = { buffer, callback };
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true, onread });
    this.#socket.on("error", (error) => this.#fail(error));
    this.#socket.on("close", () => this.#fail(new Error("the server closed the connection")));
  }

  /** Resolves once it is connected. */
  static async open(target: Target): Promise<Connection> {
    const connection = new Connection(target);
    await once(connection.#socket, "connect");
    return connection;
  }

  /** The status of the answer; `body` may be written again once it is there. */
  post(body: Buffer): Promise<number> {
    return new Promise((settle, fail) => {
      this.#settle = settle;
      this.#fail = fail;
      this.#socket.cork();
      this.#socket.write(`${this.#head}${String(body.length)}${HEAD_END}`, "latin1");
      this.#socket.write(body);
      this.#socket.uncork();
    });
  }

  close(): void {
    this.#fail = () => undefined;
    this.#socket.destroy();
  }

  #read(text: string): void {
    this.#answer += text;
    const headEnd = this.#answer.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.#answer.slice(0, headEnd))?.[1];
    if (length === undefined) return this.#fail(new Error("an answer without a Content-Length"));
    if (this.#answer.length < headEnd + HEAD_END.length + Number(length)) return;
    const status = Number(this.#answer.slice("HTTP/1.1 ".length, "HTTP/1.1 200".length));
    this.#answer = "";
    this.#settle(status);
  }
}
