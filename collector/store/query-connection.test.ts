import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createTestStore, type TestStore } from "../../test/support/test-store.ts";
import { connectStore } from "./connection.ts";
import { QueryConnection } from "./query-connection.ts";
import { Tuple } from "./query-parameter.ts";
import { StoreError } from "./store.ts";

describe("values of parameters", () => {
  let test: TestStore;
  beforeAll(async () => {
    test = await createTestStore();
  });
  afterAll(() => test.close());

  it("come back from the store as they went in, whatever is in them", async () => {
    const text = fc.string({ unit: fc.oneof(fc.constantFrom("'", "\\", "\t", "\n", "\r", "\0", "é", "🦊"), fc.string()) });
    const value = fc.record({ text, texts: fc.array(text), numbers: fc.array(fc.integer()), flag: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(value, async (params) => {
        const sql = "SELECT {text:String} AS text, {texts:Array(String)} AS texts, {numbers:Array(Int32)} AS numbers, {flag:Bool} AS flag";
        expect(await test.store.query(sql, params)).toEqual([params]);
      }),
      { numRuns: 40 },
    );
  });

  it.for([
    ["Float64", Infinity, "inf"],
    ["Float64", -Infinity, "-inf"],
    ["Float64", NaN, "nan"],
    ["Nullable(String)", null, null],
    ["Array(Nullable(String))", ["a", null], ["a", null]],
    ["UInt64", 2n ** 64n - 1n, "18446744073709551615"],
  ] as const)("of type %s: %s", async ([type, given, found]) => {
    expect(await test.store.query(`SELECT {given:${type}} AS given`, { given })).toEqual([{ given: found }]);
  });

  it("are tuples of numbers and of any bytes", async () => {
    const bytes = fc.uint8Array({ minLength: 16, maxLength: 16 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(), bytes)), async (pairs) => {
        const given = pairs.map(([number, id]) => new Tuple(number, id));
        const sql = "SELECT arrayMap(pair -> (pair.1, lower(hex(pair.2))), {given:Array(Tuple(UInt32, FixedString(16)))}) AS found";
        const found = pairs.map(([number, id]) => [number, Buffer.from(id).toString("hex")]);
        expect(await test.store.query(sql, { given })).toEqual([{ found }]);
      }),
      { numRuns: 40 },
    );
  });

  it("of a kind that no text stands for are refused before anything is asked", async () => {
    await expect(test.store.query("SELECT {given:String}", { given: { a: 1 } })).rejects.toThrow(TypeError);
  });

  it("are not needed to hear what the store refused, by its words alone", async () => {
    const asked = test.store.query("SELECT nobody FROM spans");
    await expect(asked).rejects.toMatchObject({ code: 47, retryable: false });
    await expect(asked).rejects.toThrow(/^Unknown expression identifier [^()]*nobody/);
  });
});

describe("a server that breaks off", () => {
  type Answer = (request: IncomingMessage, response: ServerResponse) => void;

  async function connectTo(answer: Answer): Promise<{ connection: QueryConnection; sockets: Set<Socket> }> {
    const sockets = new Set<Socket>();
    const server = createServer((request, response) => {
      request.resume().on("end", () => answer(request, response));
    });
    server.on("connection", (socket) => sockets.add(socket));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    const connection = new QueryConnection(() => ({ url, username: "u", password: "p" }), "d");
    onTestFinished(() => {
      connection.close();
      server.closeAllConnections();
      server.close();
    });
    return { connection, sockets };
  }

  const read = { sql: "SELECT 1", settings: {}, timeoutMs: 10_000, isRead: true };

  it("is asked again where it closed an idle connection that a query was on its way over", async () => {
    let asked = 0;
    const { connection } = await connectTo((request, response) => {
      asked += 1;
      if (asked === 2) request.socket.resetAndDestroy();
      else response.end("answer");
    });
    await connection.ask(read);
    expect((await connection.ask(read)).body.toString()).toBe("answer");
    expect(asked).toBe(3);
  });

  it("is not asked twice to change something", async () => {
    let asked = 0;
    const { connection, sockets } = await connectTo((request, response) => {
      asked += 1;
      if (asked === 2) request.socket.resetAndDestroy();
      else response.end("answer");
    });
    const change = { ...read, isRead: false };
    await connection.ask(change);
    await expect(connection.ask(change)).rejects.toMatchObject({ retryable: true, code: 0 });
    expect(asked).toBe(2);
    expect(sockets.size).toBe(2);
  });

  it.for([
    ["with half of its answer", (response: ServerResponse) => response.write("half", () => response.destroy())],
    ["without one", (response: ServerResponse) => response.destroy()],
    ["with another's error", (response: ServerResponse) => response.writeHead(502).end("<html>Bad gateway</html>")],
  ] as const)("%s: the call fails, and may be repeated", async ([, breakOff]) => {
    const { connection } = await connectTo((_, response) => void breakOff(response));
    const asked = connection.ask(read);
    await expect(asked).rejects.toBeInstanceOf(StoreError);
    await expect(asked).rejects.toMatchObject({ retryable: true, code: 0 });
  });

  it("too late: the call fails, and the connection is closed", async () => {
    const { connection, sockets } = await connectTo(() => undefined);
    await expect(connection.ask({ ...read, timeoutMs: 20 })).rejects.toThrow("no answer within 20 ms");
    const [socket] = sockets;
    if (socket && !socket.closed) await once(socket, "close");
    expect(socket?.destroyed).toBe(true);
  });

  it("sees the connection of a reader close that went away, who hears its own reason", async () => {
    const leaving = new AbortController();
    const { connection, sockets } = await connectTo(() => leaving.abort(new Error("gone")));
    await expect(connection.ask({ ...read, signal: leaving.signal })).rejects.toThrow("gone");
    const [socket] = sockets;
    if (socket && !socket.closed) await once(socket, "close");
    expect(socket?.destroyed).toBe(true);
    await expect(connection.ask({ ...read, signal: leaving.signal })).rejects.toThrow("gone");
  });
});

/** Three rows, of which the last two are more than the server's buffer has room for. */
const JSON_ROWS = Buffer.from(`["n"]\n["a"]\n["${"b".repeat(8 * 1024 ** 2)}"]\n["c"]\n`);
/** One column `n` of type String in two blocks: a row in the first, two in the second. */
const NATIVE_BLOCKS = Buffer.from("\x01\x01\x01n\x06String\x01a\x01\x02\x01n\x06String\x01b\x01c", "latin1");

it.for([
  ["nothing", Buffer.alloc(0), Buffer.alloc(0)],
  ["the first row", JSON_ROWS.subarray(0, 12), NATIVE_BLOCKS.subarray(0, 13)],
  ["half a row", JSON_ROWS.subarray(0, 8 * 1024 ** 2), undefined],
] as const)("an answer of which a full disk left %s is not taken for a whole one", async ([, rows, blocks]) => {
  const summary = JSON.stringify({ read_rows: "3", result_rows: "3" });
  const server = createServer(({ url: asked = "" }, response) => {
    response.setHeader("x-clickhouse-summary", summary);
    response.end(asked.includes("default_format=Native") ? blocks : rows);
  });
  onTestFinished(() => void server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const store = connectStore({ endpoint: () => ({ url, username: "me", password: "p" }), database: "d" });
  onTestFinished(() => store.close());
  const cutShort = { retryable: true, message: expect.stringContaining("disk is full") as unknown };
  await expect(store.query("SELECT 1")).rejects.toMatchObject(cutShort);
  if (blocks) await expect(store.queryBlocks("SELECT 1")).rejects.toMatchObject(cutShort);
});

it.for(["plain", "with:colon", "50%-of@/", "pässwörd", "密码"])(
  "a user whose password is %s is let in to read, to change and to write",
  async (password) => {
    const seen: string[] = [];
    const server = createServer(({ url: asked = "", headers: { authorization = "" } }, response) => {
      seen.push(Buffer.from(authorization.replace("Basic ", ""), "base64").toString());
      response.end(asked.includes("query=INSERT") ? "" : '["one"]\n');
    });
    onTestFinished(() => void server.close());
    await once(server.listen(0, "127.0.0.1"), "listening");
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    const store = connectStore({ endpoint: () => ({ url, username: "me", password }), database: "d" });
    onTestFinished(() => store.close());
    await store.query("SELECT 1");
    await store.command("SYSTEM FLUSH LOGS");
    await store.insertNative("spans", [], "token");
    expect(seen).toEqual(Array.from({ length: 3 }, () => `me:${password}`));
  },
);
