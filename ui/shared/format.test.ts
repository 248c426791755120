import { describe, expect, it } from "vitest";
import { formatAgo, formatBytes, formatCount, formatDuration, formatRate, listWords, plural } from "./format.ts";
import { addMillis, millisBetween } from "./instant.ts";

describe("a duration", () => {
  it.for([
    [0, "0 ms"],
    [0.00004, "1 µs"],
    [0.42, "420 µs"],
    [0.9996, "1 ms"],
    [1.5, "1.5 ms"],
    [12.34, "12.3 ms"],
    [99.97, "100 ms"],
    [412.2, "412 ms"],
    [999.7, "1 s"],
    [2104, "2.1 s"],
    [30_120, "30.1 s"],
    [59_960, "1 m 00 s"],
    [65_000, "1 m 05 s"],
    [3_599_900, "1 h 00 m"],
    [7_380_000, "2 h 03 m"],
    [273_600_000, "3 d 04 h"],
    [-12, "−12 ms"],
  ] as const)("of %d ms reads %s", ([durationMs, text]) => {
    expect(formatDuration(durationMs)).toBe(text);
  });
});

it.for([
  [1000, "just now"],
  [14_000, "14 s ago"],
  [200_000, "3 m ago"],
  [7_300_000, "2 h ago"],
  [500_000_000, "5 d ago"],
] as const)("what was %d ms ago reads %s", ([agoMs, text]) => {
  expect(formatAgo(1_000_000_000, 1_000_000_000 + agoMs)).toBe(text);
});

it("shows shares, sizes and counts with the digits that matter", () => {
  expect([0, 0.0004, 0.004, 0.125, 1].map(formatRate)).toEqual(["0%", "<0.1%", "0.4%", "13%", "100%"]);
  expect([512, 1536, 134_217_728].map(formatBytes)).toEqual(["512 B", "1.5 KB", "128 MB"]);
  expect([formatCount(12_480), plural(1, "message"), plural(5, "message")]).toEqual([
    "12,480",
    "1 message",
    "5 messages",
  ]);
  expect(listWords(["a", "b", "c"])).toBe("a, b and c");
});

describe("an instant", () => {
  it("keeps nanoseconds when subtracted", () => {
    expect(millisBetween("2026-11-21T08:30:57.123456789Z", "2026-11-21T08:30:58.123456790Z")).toBeCloseTo(
      1000.000001,
      6,
    );
  });
  it.for([[0], [0.000001], [1500.25], [-412.5]])("comes back from its distance of %d ms", ([offsetMs = 0]) => {
    const base = "2026-11-21T08:30:57.000250000Z";
    expect(millisBetween(base, addMillis(base, offsetMs))).toBeCloseTo(offsetMs, 6);
  });
});
