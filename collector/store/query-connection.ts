/**
 * Queries and DDL: one POST each, on connections that stay open. A flow is asked for in three queries one after
 * another, so what is done around each of them counts.
 */
import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { authorizationOf } from "./authorization.ts";
import type { Endpoint } from "./embedded.ts";
import { parameterText } from "./query-parameter.ts";
import { isRetryableCode } from "./retryable.ts";
import { messageMaxLength, unreachable } from "./server-answer.ts";
import { StoreError } from "./store.ts";

/** Queries at a time; more wait here, so that the server's own limit is never the answer to a reader. */
const connectionsMax = 32;

/** One statement, and how long its answer may take. */
export interface Statement {
  readonly sql: string;
  readonly params?: Readonly<Record<string, unknown>> | undefined;
  /** Settings of the server for this statement, and the parameters of its HTTP interface. */
  readonly settings: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Whether it changes nothing, so that it may be sent again. */
  readonly isRead: boolean;
  /** Aborting it closes the connection, by which the server knows that nobody waits. */
  readonly signal?: AbortSignal | undefined;
}

/** What the server answered. */
export interface StatementAnswer {
  readonly body: Buffer;
  /** `X-ClickHouse-Summary`: what it cost, as JSON. */
  readonly summary: string | undefined;
}

/** Asks one database. */
export class QueryConnection {
  readonly #endpoint: () => Endpoint;
  readonly #database: string;
  readonly #http = new HttpAgent({ keepAlive: true, noDelay: true, maxSockets: connectionsMax });
  readonly #https = new HttpsAgent({ keepAlive: true, maxSockets: connectionsMax });

  constructor(endpoint: () => Endpoint, database: string) {
    this.#endpoint = endpoint;
    this.#database = database;
  }

  /**
   * Runs the statement.
   *
   * @throws StoreError where the server refused it or did not answer in time, and the signal's reason
   */
  async ask(statement: Statement): Promise<StatementAnswer> {
    statement.signal?.throwIfAborted();
    const request = this.#request(statement);
    try {
      return await answerTo(request, statement);
    } catch (error) {
      // The server closes a connection that was idle, which may cross a statement on its way.
      if (!statement.isRead || !isStale(request, error) || statement.signal?.aborted) throw error;
      return await answerTo(this.#request(statement), statement);
    }
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }

  #request({ sql, params = {}, settings, isRead }: Statement): ClientRequest {
    const endpoint = this.#endpoint();
    const { protocol, hostname, port, pathname } = new URL(endpoint.url);
    const search = new URLSearchParams(settings);
    search.set("database", this.#database);
    for (const [name, value] of Object.entries(params)) search.set(`param_${name}`, parameterText(value));
    const secure = protocol === "https:";
    const agent = secure ? this.#https : this.#http;
    return (secure ? httpsRequest : httpRequest)({
      // An address of IPv6 is in brackets in a URL and nowhere else.
      hostname: hostname.replace(/^\[(.*)\]$/, "$1"),
      port,
      path: `${pathname}?${search.toString()}`,
      method: "POST",
      // What must not be sent twice goes over a connection that nobody has closed yet: a new one.
      agent: isRead && agent,
      headers: {
        Authorization: authorizationOf(endpoint),
        "User-Agent": "hopscope",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Length": Buffer.byteLength(sql),
      },
    });
  }
}

/** Sends the statement and reads the answer to its end; whatever ends it before that closes the connection. */
function answerTo(request: ClientRequest, { sql, timeoutMs, signal }: Statement): Promise<StatementAnswer> {
  return new Promise((settle, fail) => {
    const timer = setTimeout(() => request.destroy(new Error(`no answer within ${String(timeoutMs)} ms`)), timeoutMs);
    const onAbort = () => request.destroy(new Error("nobody waits for it any more"));
    signal?.addEventListener("abort", onAbort, { once: true });
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    };
    const failWith = (error: Error) => {
      end();
      fail(signal?.aborted ? (signal.reason as Error) : unreachable(error));
    };
    request.on("error", failWith);
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", failWith);
      response.on("end", () => {
        end();
        const body = Buffer.concat(chunks);
        const refusal = refusalOf(response, body);
        if (refusal) fail(refusal);
        else settle({ body, summary: response.headers["x-clickhouse-summary"]?.toString() });
      });
    });
    request.end(sql);
  });
}

function isStale({ reusedSocket }: ClientRequest, error: unknown): boolean {
  const cause = error instanceof StoreError ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
  return reusedSocket && cause?.code === "ECONNRESET";
}

/** Of `Code: 57. DB::Exception: <message>. (TABLE_ALREADY_EXISTS)`; of several in one another the innermost. */
const EXCEPTION = /Code: (\d+)\.?(?:(?!Code: ).)*?Exception: ((?:(?!Exception: ).)+?)\s*\([A-Z][A-Z0-9_]{2,}\)/s;

function refusalOf({ statusCode, headers }: IncomingMessage, body: Buffer): StoreError | undefined {
  const header = headers["x-clickhouse-exception-code"];
  if (statusCode === 200 && header === undefined) return undefined;
  const text = body.toString("utf8");
  const [, named, message] = EXCEPTION.exec(text) ?? [];
  const code = Number(header ?? named ?? 0);
  const shown = (message ?? text).trim().slice(0, messageMaxLength) || `HTTP ${String(statusCode)}`;
  // A parameter past the server's bounds is refused before there is a query: so it will be the next time.
  if (text.includes("HTML Form Exception")) return new StoreError(shown, { retryable: false });
  if (code === 0) return new StoreError(`ClickHouse did not answer: ${shown}`, { retryable: true });
  return new StoreError(shown, { retryable: isRetryableCode(code), code });
}
