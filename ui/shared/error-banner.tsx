import type { JSX } from "preact";
import type { ApiError } from "../api/client.ts";
import { Icon } from "./icon.tsx";
import "./error-banner.css";

/** A calm word that what is shown may be old, and a way to try again. */
export function ErrorBanner(props: { error: ApiError; hasData: boolean; retry: () => void }): JSX.Element {
  const { error, hasData, retry } = props;
  return (
    <div class="error-banner" role="status">
      <Icon name="warn" />
      <p>
        <strong>{error.message}</strong> {hasData ? "What you see is as of the last answer. " : ""}
        {error.code === "unreachable" ? "Is it running? It is tried again every few seconds." : ""}
      </p>
      <button type="button" onClick={retry}>
        Try now
      </button>
    </div>
  );
}
