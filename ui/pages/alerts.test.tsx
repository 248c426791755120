import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/preact";
import type {
  AlertChannels,
  AlertHistory,
  AlertOverview,
  AlertPreview,
  AlertSilences,
} from "@hopscope/schema/alert-api";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { App } from "../app.tsx";
import { stubApi } from "../fixtures/stub-api.ts";
import { navigate } from "../route/router.ts";

const AT = "2026-11-21T10:00:00.000Z";
const overview: AlertOverview = {
  firing: 1,
  isEvaluating: true,
  evaluatedAt: AT,
  file: "/srv/hopscope.alerts.yml",
  problems: [],
  rules: [
    {
      id: "errors",
      sourceId: "errors",
      name: "Payment fails",
      kind: "error-rate",
      severity: "warning",
      origin: "api",
      state: "firing",
      error: "",
      thresholdText: "above 5%",
      window: "5 min",
      windowMs: 300_000,
      forMs: 0,
      series: 2,
      firing: 1,
      pending: 0,
      insufficient: 0,
      worst: { labels: { function: "pay" }, valueText: "12%" },
      evaluatedAt: AT,
      notify: ["ops"],
      alerts: [
        {
          labels: { service: "shop", function: "<b>pay" },
          condition: "value",
          phase: "firing",
          since: AT,
          value: 0.12,
          valueText: "12%",
          mutedBy: null,
        },
      ],
      definition: { id: "errors", kind: "error-rate", threshold: "5%", scope: { service: "shop" } },
    },
  ],
};
const history: AlertHistory = {
  changes: [
    {
      at: AT,
      ruleId: "errors",
      change: "resolved",
      condition: "value",
      labels: { service: "shop", function: "pay" },
      windowEnd: AT,
      value: 0.01,
      valueText: "1%",
      reason: "no data",
      past: false,
    },
  ],
};
const channels: AlertChannels = {
  waiting: 0,
  channels: [
    {
      name: "ops",
      type: "webhook",
      target: "hooks.example",
      lastOkAt: null,
      lastErrorAt: AT,
      lastError: "answered 500",
      sent: 0,
      failedTries: 3,
      givenUp: 0,
    },
  ],
};
const silences: AlertSilences = {
  silences: [
    {
      id: "deploy",
      matchers: { service: "shop" },
      from: null,
      until: AT,
      recurring: false,
      weekly: null,
      active: true,
      comment: "",
      fromFile: false,
    },
  ],
};
const preview: AlertPreview = {
  points: [
    { at: AT, value: 0.01, firing: 0 },
    { at: AT, value: 0.2, firing: 1 },
    { at: AT, value: 0.01, firing: 0 },
  ],
  threshold: 0.05,
  thresholdText: "above 5%",
  thresholds: [{ ruleId: "errors", value: 0.05, text: "above 5%" }],
  unit: "share",
  messages: [{ at: AT, ruleId: "errors", kind: "firing", firing: 1, resolved: 0, labels: [{ function: "pay" }] }],
};
const routes = {
  "/api/alerts": overview,
  "/api/alerts/history": history,
  "/api/alerts/channels": channels,
  "/api/alerts/silences": silences,
  "/api/alerts/preview": preview,
  "/api/alerts/channels/ops/test": { ok: false, error: "answered 500" },
  "/api/alerts/silences/deploy": { ok: true },
};

beforeEach(() => navigate("/alerts", "replace"));
afterEach(() => {
  cleanup();
  navigate("/", "replace");
});

describe("the alerts", () => {
  it("say what fires, since when and how bad, as text and never as markup", async () => {
    stubApi(routes);
    render(<App />);
    const rule = (await screen.findByRole("heading", { name: "Payment fails" })).closest("article");
    expect(rule?.textContent).toContain("Firing");
    expect(rule?.textContent).toContain("<b>pay (shop) 12%, firing since");
    expect(screen.getByRole("link", { name: "Alerts" }).getAttribute("aria-current")).toBe("page");
  });

  it("have their history, silences and channels beneath", async () => {
    stubApi(routes);
    render(<App />);
    await screen.findByText(/answered 500/);
    expect(document.body.textContent).toContain("Ended Payment fails: pay (shop) 1% (no data)");
    expect(document.body.textContent).toContain("service=shop, in force");
    const began = document.querySelector<HTMLAnchorElement>(".alert-history a")?.search;
    expect(began).toContain("service=shop&function=pay&status=error&from=");
  });

  it("say what a channel answered to a test message", async () => {
    stubApi(routes);
    render(<App />);
    fireEvent.click(await screen.findByRole("button", { name: "Send a test to ops" }));
    await waitFor(() => expect(screen.getByRole("status").textContent).toBe("ops: answered 500"));
  });

  it("end a silence", async () => {
    const api = stubApi(routes);
    render(<App />);
    fireEvent.click(await screen.findByRole("button", { name: "End the silence deploy" }));
    await waitFor(() => expect(api.asked).toContain("/api/alerts/silences/deploy"));
  });

  it("are silenced at times of every week, with what is wrong said at its field", async () => {
    const api = stubApi({ ...routes, "/api/alerts/silences/nights": { ok: true } });
    render(<App />);
    fireEvent.click(await screen.findByRole("button", { name: "New silence" }));
    const form = screen.getByRole("form", { name: "Silence" });
    const type = (label: string, value: string) =>
      fireEvent.input(within(form).getByLabelText(label), { target: { value } });
    type("Id", "nights");
    type("Alerts with these labels", "service=shop");
    type("Time zone", "Mars/Olympus");
    api.routes["/api/alerts/silences/nights"] = Response.json(
      { error: { code: "invalid", field: "weekly.timeZone", message: '"Mars/Olympus" is no time zone' } },
      { status: 400 },
    );
    fireEvent.submit(form);
    const zone = within(form).getByLabelText("Time zone");
    await waitFor(() => expect(zone.getAttribute("aria-invalid")).toBe("true"));
    api.routes["/api/alerts/silences/nights"] = { ok: true };
    fireEvent.click(within(form).getByRole("checkbox", { name: "Fri" }));
    type("Time zone", "Europe/Amsterdam");
    fireEvent.submit(form);
    await waitFor(() => expect(screen.queryByRole("form", { name: "Silence" })).toBeNull());
    expect(api.asked.filter((path) => path === "/api/alerts/silences/nights")).toHaveLength(2);
  });

  it("say line and reason where the rules file is not valid", async () => {
    stubApi({
      ...routes,
      "/api/alerts": {
        ...overview,
        problems: [{ line: 7, field: "rules[0].threshold", message: "must be a share" }],
      },
    });
    render(<App />);
    expect((await screen.findByRole("alert")).textContent).toContain("line 7: rules[0].threshold: must be a share");
  });

  it("show how to be told where there is no channel", async () => {
    stubApi({ ...routes, "/api/alerts/channels": { channels: [], waiting: 0 } });
    render(<App />);
    expect(await screen.findByText(/Nobody is told yet/)).toBeTruthy();
  });
});

describe("the rule editor", () => {
  it("opens a rule and draws when it would have fired", async () => {
    const api = stubApi(routes);
    render(<App />);
    fireEvent.click(await screen.findByRole("button", { name: "Edit Payment fails" }));
    const form = await screen.findByRole("form", { name: "Rule" });
    expect(within(form).getByLabelText<HTMLInputElement>("Service").value).toBe("shop");
    const drawing = await within(form).findByRole("img");
    expect(drawing.getAttribute("aria-label")).toBe("Would have told of 1 alert in the last 1h (fires above 5%).");
    expect(api.asked.some((path) => path.startsWith("/api/alerts/preview?from="))).toBe(true);
  });

  it("says at the field what the collector says is wrong with it", async () => {
    const api = stubApi(routes);
    render(<App />);
    fireEvent.click(await screen.findByRole("button", { name: "New rule" }));
    api.routes["/api/alerts/preview"] = Response.json(
      { error: { code: "invalid", field: "threshold", message: 'threshold: must be a percentage such as "5%"' } },
      { status: 400 },
    );
    const input = screen.getByLabelText("Share of invocations");
    fireEvent.input(input, { target: { value: "soon" } });
    await waitFor(() => expect(input.getAttribute("aria-invalid")).toBe("true"));
    const words = document.getElementById(input.getAttribute("aria-describedby") ?? "")?.textContent;
    expect(words).toBe('must be a percentage such as "5%"');
  });

  it("asks for what the picked kind needs", async () => {
    stubApi(routes);
    render(<App />);
    fireEvent.click(await screen.findByRole("button", { name: "New rule" }));
    fireEvent.change(screen.getByLabelText("Fires on"), { target: { value: "slo-burn" } });
    expect(screen.getByLabelText<HTMLInputElement>("Good invocations promised").value).toBe("99.9%");
    expect(screen.queryByLabelText("Share of invocations")).toBeNull();
    fireEvent.change(screen.getByLabelText("Fires on"), { target: { value: "query" } });
    expect(screen.getByLabelText(/SELECT with a column value/)).toBeTruthy();
    expect(screen.queryByLabelText("Service")).toBeNull();
  });

  it("says what the collector says is wrong", async () => {
    const api = stubApi(routes);
    render(<App />);
    fireEvent.click(await screen.findByRole("button", { name: "New rule" }));
    api.routes["/api/alerts/preview"] = undefined;
    fireEvent.input(screen.getByLabelText("Share of invocations"), { target: { value: "soon" } });
    await waitFor(() => expect(screen.getByRole("alert").textContent).toBe("no span of this trace is stored"));
  });
});
