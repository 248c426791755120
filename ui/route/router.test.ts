import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { navigate, queryValue, setQuery, startRouter, url, view } from "./router.ts";
import { flowPath, matchView } from "./view.ts";

describe("an address", () => {
  it.for([
    ["/", { page: "flows" }],
    ["/flows", { page: "flows" }],
    ["/functions", { page: "functions" }],
    ["/compare", { page: "compare" }],
    ["/flows/00ab", { page: "flow", traceId: "00ab" }],
    ["/flows/a%2Fb", { page: "flow", traceId: "a/b" }],
    ["/nowhere", { page: "unknown" }],
  ] as const)("%s names its page", ([path, expected]) => {
    expect(matchView(path)).toEqual(expected);
  });

  it("carries the selected row", () => {
    expect(flowPath("00ab", "queue:a b@1")).toBe("/flows/00ab?row=queue%3Aa%20b%401");
  });
});

describe("moving about", () => {
  let stop = (): void => undefined;
  beforeEach(() => {
    navigate("/", "replace");
    stop = startRouter();
  });
  afterEach(() => {
    stop();
    document.body.replaceChildren();
  });

  it("adds a page to the history, and only adjusts it for a filter", () => {
    const before = history.length;
    navigate("/functions", "push");
    expect(history.length).toBe(before + 1);
    setQuery({ range: "24h", sort: "p95" }, "replace");
    expect(history.length).toBe(before + 1);
    expect([queryValue("range"), queryValue("sort")]).toEqual(["24h", "p95"]);
    setQuery({ range: undefined }, "replace");
    expect(url.value.search).toBe("?sort=p95");
  });

  it("follows a link without loading the page anew", () => {
    document.body.innerHTML = '<a href="/flows/00ab"><b>order</b></a>';
    document.querySelector("b")?.click();
    expect(view.value).toEqual({ page: "flow", traceId: "00ab" });
  });

  it("leaves links to the API and to other tabs to the browser", () => {
    document.body.innerHTML = '<a href="/api/flows">json</a><a href="/functions" target="_blank">new tab</a>';
    const taken: boolean[] = [];
    const note = (event: Event): void => {
      taken.push(event.defaultPrevented);
      event.preventDefault();
    };
    window.addEventListener("click", note);
    for (const link of document.querySelectorAll("a")) link.click();
    window.removeEventListener("click", note);
    expect(taken).toEqual([false, false]);
    expect(view.value).toEqual({ page: "flows" });
  });
});
