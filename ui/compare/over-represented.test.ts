import { describe, expect, it } from "vitest";
import { isPassing, rankDifferences } from "./over-represented.ts";

describe("values that one side has more often", () => {
  it("count for what so many spans can say: 400 of 430 before 2 of 2", () => {
    const { told } = rankDifferences(
      [
        { key: "faas.version", value: "8", share: 400 / 430, otherShare: 0 },
        { key: "enduser.tier", value: "gold", share: 1, otherShare: 0.99 },
      ],
      { spans: 430, otherSpans: 90_000, areWhole: false },
    );
    expect(told.map(({ key, count, otherCount }) => [key, count, otherCount])).toEqual([
      ["faas.version", 400, 0],
      ["enduser.tier", 430, 89_100],
    ]);
    const few = [{ key: "k", value: "v", share: 1, otherShare: 0 }];
    expect(rankDifferences(few, { spans: 2, otherSpans: 2, areWhole: false })).toMatchObject({ told: [], slight: few });
    expect(rankDifferences(few, { spans: 2, otherSpans: 2, areWhole: true })).toMatchObject({ told: few, slight: [] });
  });

  it("keep ids and instants apart, which differ between any two", () => {
    const sides = { spans: 20, otherSpans: 20, areWhole: true };
    const { told, passing } = rankDifferences(
      [
        { key: "faas.invocation_id", value: "0d7a6d32-3f3d-4d7e-9a51-000000000001", share: 0.5, otherShare: 0 },
        { key: "error.type", value: "CardDeclined", share: 0.1, otherShare: 0 },
      ],
      sides,
    );
    expect(told.map(({ key }) => key)).toEqual(["error.type"]);
    expect(passing.map(({ key }) => key)).toEqual(["faas.invocation_id"]);
  });

  it.for([
    ["messaging.message.id", "m-1", true],
    ["hopscope.message.sent_ms", "1790000000000", true],
    ["host.name", "0123456789abcdef01", true],
    ["messaging.message.body.size", "856", true],
    ["cloud.region", "eu-central-1", false],
    ["faas.coldstart", "true", false],
    ["http.response.status_code", "500", false],
    ["faas.trigger", "pubsub", false],
  ] as const)("%s = %s passes: %s", ([key, value, expected]) => {
    expect(isPassing({ key, value })).toBe(expected);
  });
});
