import type { ComponentChildren, JSX } from "preact";
import { CopyButton } from "./copy-button.tsx";
import "./empty-state.css";

/** Nothing to show, why, and what to do next. */
export function EmptyState({ title, children }: { title: string; children: ComponentChildren }): JSX.Element {
  return (
    <section class="empty-state">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

/** Code to take along. */
export function Snippet({ code, label }: { code: string; label: string }): JSX.Element {
  return (
    <figure class="snippet">
      <figcaption>
        <span>{label}</span>
        <CopyButton text={code} label="Copy" />
      </figcaption>
      <pre tabIndex={0}>
        <code>{code}</code>
      </pre>
    </figure>
  );
}
