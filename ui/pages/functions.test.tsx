import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/preact";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { App } from "../app.tsx";
import { checkoutFunctions } from "../fixtures/functions.ts";
import { stubApi } from "../fixtures/stub-api.ts";
import { navigate, url } from "../route/router.ts";

beforeEach(() => navigate("/functions", "replace"));
afterEach(() => {
  cleanup();
});

const names = (): string[] => screen.getAllByRole("rowheader").map((header) => header.textContent ?? "");

describe("the functions", () => {
  it("come with counts, rates and percentiles", async () => {
    stubApi({ "/api/functions": checkoutFunctions });
    render(<App />);
    const row = (await screen.findByRole("link", { name: "payment" })).closest("tr");
    for (const words of ["14,102", "1,622 12%", "88 0.6%", "96 ms", "812 ms", "2.95 s", "381 ms / 640 ms", "230 MB"]) {
      expect(row?.textContent).toContain(words);
    }
  });

  it("are sorted by a column's head, and the other way by a second click", async () => {
    stubApi({ "/api/functions": checkoutFunctions });
    render(<App />);
    await screen.findByRole("link", { name: "payment" });
    fireEvent.click(screen.getByRole("button", { name: "Cold starts" }));
    await waitFor(() => expect(names()[0]).toBe("cancel-order"));
    expect(screen.getByRole("columnheader", { name: "Cold starts" }).getAttribute("aria-sort")).toBe("descending");
    fireEvent.click(screen.getByRole("button", { name: "Cold starts" }));
    await waitFor(() => expect(names()[0]).toBe("inventory"));
    expect(url.peek().search).toBe("?sort=cold&order=asc");
  });

  it("are those of the picked range", async () => {
    const api = stubApi({ "/api/functions": checkoutFunctions });
    render(<App />);
    await screen.findByRole("link", { name: "payment" });
    fireEvent.click(screen.getByRole("button", { name: "Last 24h" }));
    await waitFor(() => {
      const from = new URL(api.asked.at(-1) ?? "", "http://x").searchParams.get("from") ?? "";
      expect(Date.now() - Date.parse(from)).toBeGreaterThan(86_000_000);
    });
    expect(url.peek().search).toBe("?range=24h");
  });
});
