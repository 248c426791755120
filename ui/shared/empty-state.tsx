import type { ComponentChildren, JSX } from "preact";
import { CopyButton } from "./copy-button.tsx";
import "./empty-state.css";

/** Nothing to show, why, and what to do next; `isPage` where it is the whole page. */
export function EmptyState(props: { title: string; isPage?: boolean; children: ComponentChildren }): JSX.Element {
  const { title, isPage = false, children } = props;
  return (
    <section class="empty-state">
      {isPage ? <h1>{title}</h1> : <h2>{title}</h2>}
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
