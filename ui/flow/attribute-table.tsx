import type { ComponentChildren, JSX } from "preact";
import type { Attributes } from "@hopscope/schema/flow";
import { attributeText } from "../shared/attribute-text.ts";
import { CopyButton } from "../shared/copy-button.tsx";

/** Attributes by name, folded away unless `isOpen`; copied as JSON. */
export function AttributeTable(props: { title: string; attributes: Attributes; isOpen?: boolean }): JSX.Element | null {
  const { title, attributes, isOpen = false } = props;
  const entries = Object.entries(attributes).sort(([a], [b]) => a.localeCompare(b));
  if (entries.length === 0) return null;
  return (
    <details class="attributes" open={isOpen}>
      <summary>
        {title} <small>{entries.length}</small>
      </summary>
      <dl>
        {entries.map(([name, value]) => (
          <div key={name}>
            <dt>{breakable(name)}</dt>
            <dd data-type={typeof value}>{attributeText(value)}</dd>
          </div>
        ))}
      </dl>
      <CopyButton text={() => JSON.stringify(attributes, null, 2)} label="Copy as JSON" />
    </details>
  );
}

/** A long name breaks after its dots and underscores. */
function breakable(name: string): ComponentChildren {
  return name.split(/(?<=[._])/).flatMap((part, at) => (at === 0 ? [part] : [<wbr key={at} />, part]));
}
