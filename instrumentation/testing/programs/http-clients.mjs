import http from "node:http";
import { traced } from "hopscope";

const seen = {};
const server = http.createServer((request, response) => {
  const [path] = request.url.split("?");
  if (request.method === "POST") return request.resume().on("end", () => request.socket.destroy());
  seen[path] = request.headers.traceparent ?? null;
  response.writeHead(path === "/gone" ? 410 : 200).end("ok");
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const base = `http://127.0.0.1:${server.address().port}`;
const get = (url) =>
  new Promise((resolve, reject) => http.get(url, (r) => r.resume().on("end", resolve)).on("error", reject));

const handler = traced(async function handler() {
  await (await fetch(`${base}/fetched?secret=hidden`)).text();
  await (await fetch(`${base}/gone`)).text();
  await get(`${base}/requested?secret=hidden`);
  await fetch(`${base}/broken`, { method: "POST", body: "x" }).catch(() => undefined);
  await new Promise((resolve) => http.request(`${base}/reset`, { method: "POST" }).on("error", resolve).end("x"));
});
await get(`${base}/outside`);
await handler();
server.closeAllConnections();
server.close();
console.log(JSON.stringify(seen));
