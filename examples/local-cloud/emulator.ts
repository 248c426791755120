/** The part of the emulator (a Fastify instance, before it listens) by which its behaviour is corrected. */
export interface Emulator {
  addHook(
    name: "preHandler",
    hook: (request: EmulatorRequest, reply: EmulatorReply) => Promise<EmulatorReply | undefined>,
  ): unknown;
  addHook(
    name: "onSend",
    hook: (request: EmulatorRequest, reply: EmulatorReply, payload: unknown) => Promise<unknown>,
  ): unknown;
  inject(request: {
    method: "POST";
    url: string;
    headers: Record<string, string>;
    payload: string;
  }): PromiseLike<unknown>;
}

/** A request to the emulator, its body parsed. */
export interface EmulatorRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

/** The answer under way. */
export interface EmulatorReply {
  readonly statusCode: number;
  code(status: number): this;
  header(name: string, value: string): this;
  headers(values: Record<string, string>): this;
  send(payload: string): this;
}
