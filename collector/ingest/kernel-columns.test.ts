import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { ByteBuffer } from "./byte-buffer.ts";
import { KernelUuidColumn } from "./kernel-columns.ts";
import { SpanKernel } from "./span-kernel.ts";

const kernel = new SpanKernel();
const column = new KernelUuidColumn(kernel, kernel.exports.newUuids(), "faas_invocation_id");

function written(text: string): { readonly uuid: string; readonly text: string } {
  column.uuid.used = true;
  column.uuid.reset(1);
  column.text.reset();
  expect(column.has(0)).toBe(false);
  const bytes = Buffer.from(text);
  kernel.take(bytes);
  column.set(0, 0, bytes.length);
  expect(column.has(0)).toBe(true);
  const out = new ByteBuffer();
  column.uuid.writeTo(out, 1);
  const uuid = Buffer.from(out.bytes.subarray(0, 16));
  out.length = 0;
  column.text.writeTo(out, 1);
  return { uuid: uuid.toString("hex"), text: out.bytes.toString("utf8", 1, out.length) };
}

it("keeps a UUID as ClickHouse has it: each half a little-endian number", () => {
  expect(written("00112233-4455-6677-8899-aabbccddeeff")).toEqual({ uuid: "7766554433221100ffeeddccbbaa9988", text: "" });
});

it("keeps any random UUID", () => {
  for (let count = 0; count < 1_000; count += 1) {
    const id = randomUUID();
    const bytes = Buffer.from(id.replaceAll("-", ""), "hex");
    const halves = Buffer.concat([bytes.subarray(0, 8).reverse(), bytes.subarray(8).reverse()]);
    expect(written(id)).toEqual({ uuid: halves.toString("hex"), text: "" });
  }
});

it.for([
  ["upper case", "00112233-4455-6677-8899-AABBCCDDEEFF"],
  ["the nil one", "00000000-0000-0000-0000-000000000000"],
  ["a letter past f", "00112233-4455-6677-8899-aabbccddeefg"],
  ["a character below 0", "0011223/-4455-6677-8899-aabbccddeeff"],
  ["a character between 9 and a", "0011223:-4455-6677-8899-aabbccddeeff"],
  ["no dashes", "00112233044550667708899 aabbccddeeff"],
  ["another length", "request-7"],
  ["a letter of two bytes", "00112233-4455-6677-8899-aabbccddeeé"],
] as const)("keeps %s as text", ([, text]) => {
  expect(written(text)).toEqual({ uuid: "0".repeat(32), text });
});
