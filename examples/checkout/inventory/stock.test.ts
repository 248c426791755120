import { expect, it } from "vitest";
import { Stock } from "./stock.ts";

const order = { id: "1", sku: "tea", quantity: 3 };

it("reserves once and releases once, however often the message comes", () => {
  const stock = new Stock();
  const full = stock.free("tea");
  stock.apply(order);
  stock.apply(order);
  expect(stock.free("tea")).toBe(full - 3);
  stock.apply({ ...order, kind: "release" });
  stock.apply({ ...order, kind: "release" });
  expect(stock.free("tea")).toBe(full);
});

it("is filled up before it runs out", () => {
  const stock = new Stock();
  const full = stock.free("tea");
  stock.apply({ ...order, quantity: full });
  stock.apply({ ...order, id: "2" });
  expect(stock.free("tea")).toBe(full - 3);
});
