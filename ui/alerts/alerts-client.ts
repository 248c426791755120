import type {
  AlertChannels,
  AlertHistory,
  AlertOverview,
  AlertPreview,
  AlertSilences,
} from "@hopscope/schema/alert-api";
import type { RuleInput, SilenceInput } from "@hopscope/schema/alert-rules";
import type { ErrorResponse } from "@hopscope/schema/api";
import { ApiError } from "../api/client.ts";

/** Rules with their states. Throws {@link ApiError}, as all of these do. */
export function fetchAlerts(signal?: AbortSignal): Promise<AlertOverview> {
  return ask("GET", "/api/alerts", undefined, signal);
}

/** What began and ended since an instant (ISO 8601), newest first. */
export function fetchAlertHistory(from: string, signal?: AbortSignal): Promise<AlertHistory> {
  return ask("GET", `/api/alerts/history?${new URLSearchParams({ from }).toString()}`, undefined, signal);
}

/** Channels and how they do. */
export function fetchChannels(signal?: AbortSignal): Promise<AlertChannels> {
  return ask("GET", "/api/alerts/channels", undefined, signal);
}

/** Silences of the file and of the API. */
export function fetchSilences(signal?: AbortSignal): Promise<AlertSilences> {
  return ask("GET", "/api/alerts/silences", undefined, signal);
}

/** Sends a test message; the answer says what the channel said. */
export function testChannel(name: string): Promise<{ ok: boolean; error: string }> {
  return ask("POST", `/api/alerts/channels/${encodeURIComponent(name)}/test`);
}

/** Makes or changes a silence. */
export function putSilence(silence: SilenceInput): Promise<unknown> {
  return ask("PUT", `/api/alerts/silences/${encodeURIComponent(silence.id)}`, silence);
}

/** Ends a silence that was made here. */
export function deleteSilence(id: string): Promise<unknown> {
  return ask("DELETE", `/api/alerts/silences/${encodeURIComponent(id)}`);
}

/** Makes or changes a rule. */
export function putRule(rule: RuleInput): Promise<unknown> {
  return ask("PUT", `/api/alerts/rules/${encodeURIComponent(rule.id)}`, rule);
}

/** Deletes a rule that was made here. */
export function deleteRule(id: string): Promise<unknown> {
  return ask("DELETE", `/api/alerts/rules/${encodeURIComponent(id)}`);
}

/** When a rule would have fired since an instant (ISO 8601). */
export function previewRule(rule: RuleInput, from: string, signal?: AbortSignal): Promise<AlertPreview> {
  return ask("POST", `/api/alerts/preview?${new URLSearchParams({ from }).toString()}`, rule, signal);
}

async function ask<Answer>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Answer> {
  const init: RequestInit = {
    method,
    headers: { accept: "application/json", ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
  };
  const response = await fetch(path, init).catch((cause: unknown) => {
    if (signal?.aborted === true) throw cause;
    throw new ApiError("unreachable", "The collector does not answer.");
  });
  if (response.ok) return (await response.json()) as Answer;
  const answer = (await response.json().catch(() => undefined)) as ErrorResponse | undefined;
  if (answer?.error?.message) throw new ApiError(answer.error.code, answer.error.message, answer.error.field);
  throw new ApiError("unreachable", `The collector answered ${response.status}.`);
}
