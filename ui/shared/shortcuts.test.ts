import { afterEach, describe, expect, it } from "vitest";
import { activeShortcuts, bindShortcuts, runShortcut, type Shortcut } from "./shortcuts.ts";

const unbind: (() => void)[] = [];
afterEach(() => {
  unbind.splice(0).forEach((stop) => stop());
  document.body.replaceChildren();
});

function bind(title: string, shortcuts: Shortcut[]): void {
  unbind.push(bindShortcuts({ title, shortcuts }));
}
const press = (key: string, init: KeyboardEventInit = {}, target: Element = document.body): boolean => {
  let ran = false;
  target.addEventListener("keydown", (event) => (ran = runShortcut(event as KeyboardEvent)), { once: true });
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, ...init }));
  return ran;
};

describe("shortcuts", () => {
  it("give a key to the page that was opened last", () => {
    const ran: string[] = [];
    bind("everywhere", [{ keys: ["j"], label: "down", run: () => ran.push("app") }]);
    bind("flows", [{ keys: ["j", "ArrowDown"], label: "next", run: () => ran.push("list") }]);
    expect([press("j"), press("ArrowDown"), press("x")]).toEqual([true, true, false]);
    expect(ran).toEqual(["list", "list"]);
  });

  it("leave text fields and the browser's own keys alone", () => {
    const field = document.body.appendChild(document.createElement("input"));
    bind("flows", [{ keys: ["j"], label: "next", run: () => undefined }]);
    expect([press("j", {}, field), press("j", { ctrlKey: true }), press("j", { metaKey: true })]).toEqual([
      false,
      false,
      false,
    ]);
  });

  it("are listed for the help for as long as they are bound", () => {
    bind("flows", [{ keys: ["j"], label: "next", run: () => undefined }]);
    expect(activeShortcuts.value.map((group) => group.title)).toEqual(["flows"]);
    unbind.splice(0).forEach((stop) => stop());
    expect(activeShortcuts.value).toEqual([]);
  });
});
