import { createModel, signal } from "@preact/signals";
import type { AlertChannels, AlertHistory, AlertOverview, AlertSilences } from "@hopscope/schema/alert-api";
import { ApiError } from "../api/client.ts";
import { Poll } from "../models/poll.ts";
import { range, rangeStart } from "../models/time-range.ts";
import {
  deleteRule,
  deleteSilence,
  fetchAlertHistory,
  fetchAlerts,
  fetchChannels,
  fetchSilences,
  putSilence,
  testChannel,
} from "./alerts-client.ts";

/** Evaluations come once a minute; more often shows a change of the rules soon. */
const REFRESH_MS = 5_000;
/** How long a silence made by a click lasts. */
const QUICK_SILENCE_MS = 3_600_000;

/** Rules, history, silences and channels, kept fresh; commands refresh what they change. */
export const AlertsModel = createModel(() => {
  const everyMs = (): number => REFRESH_MS;
  const overview = new Poll<AlertOverview>({ load: fetchAlerts, everyMs });
  const history = new Poll<AlertHistory>({
    load: (aborted) => fetchAlertHistory(rangeStart(range.value), aborted),
    everyMs,
  });
  const silences = new Poll<AlertSilences>({ load: fetchSilences, everyMs });
  const channels = new Poll<AlertChannels>({ load: fetchChannels, everyMs });
  /** What the last command said, for the reader. */
  const notice = signal<{ tone: "ok" | "error"; text: string } | undefined>(undefined);

  const attempt = async (work: () => Promise<string>): Promise<void> => {
    try {
      notice.value = { tone: "ok", text: await work() };
    } catch (error) {
      notice.value = { tone: "error", text: error instanceof ApiError ? error.message : String(error) };
    }
    for (const poll of [overview, silences, channels]) poll.refresh();
  };
  const test = (name: string): Promise<void> =>
    attempt(async () => {
      const { ok, error } = await testChannel(name);
      if (!ok) throw new ApiError("internal", `${name}: ${error}`);
      return `${name} took the test message.`;
    });
  const silence = (matchers: Record<string, string>): Promise<void> =>
    attempt(async () => {
      const until = new Date(Date.now() + QUICK_SILENCE_MS).toISOString();
      await putSilence({ id: `page-${Date.now()}`, matchers, until, comment: "made on the page" });
      return "Silenced for an hour.";
    });
  const endSilence = (id: string): Promise<void> =>
    attempt(async () => {
      await deleteSilence(id);
      return `The silence ${id} has ended.`;
    });
  const removeRule = (id: string): Promise<void> =>
    attempt(async () => {
      await deleteRule(id);
      return `The rule ${id} is deleted.`;
    });
  return { overview, history, silences, channels, notice, test, silence, endSilence, removeRule };
});

/** What the parts of the page are given. */
export type AlertsState = InstanceType<typeof AlertsModel>;
