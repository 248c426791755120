const { traced } = require("hopscope");
const { PgInstrumentation } = require("@opentelemetry/instrumentation-pg");
const { UndiciInstrumentation } = require("@opentelemetry/instrumentation-undici");
const http = require("node:http");
const net = require("node:net");

const undici = new UndiciInstrumentation();
const database = new PgInstrumentation();
undici.enable();
database.enable();
const { Client } = require("pg");

/** A PostgreSQL server that accepts everyone and answers every query with nothing. */
const message = (type, body) => {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
};
const ready = message("Z", Buffer.from("I"));
const postgres = net.createServer((socket) => {
  let greeted = false;
  socket.on("data", (data) => {
    if (!greeted) socket.write(Buffer.concat([message("R", Buffer.alloc(4)), ready]));
    else if (data[0] === 0x51) socket.write(Buffer.concat([message("C", Buffer.from("SELECT 0\0")), ready]));
    greeted = true;
  });
});

(async () => {
  const web = http.createServer((request, response) => response.end("ok"));
  await new Promise((resolve) => web.listen(0, "127.0.0.1", resolve));
  await new Promise((resolve) => postgres.listen(0, "127.0.0.1", resolve));
  const client = new Client({ host: "127.0.0.1", port: postgres.address().port, user: "u", database: "d" });
  await client.connect();
  await traced(async function handler() {
    await (await fetch(`http://127.0.0.1:${web.address().port}/`)).text();
    await client.query("SELECT 1");
  })();
  await client.end();
  web.closeAllConnections();
  web.close();
  postgres.close();
})();
