// First, because it sets the order of the style layers.
import "./tokens.css";
import "./base.css";
import { render } from "preact";
import { App } from "./app.tsx";
import { startClock } from "./models/clock.ts";
import { startTheme } from "./models/theme.ts";
import { startRouter } from "./route/router.ts";
import { startShortcuts } from "./shared/shortcuts.ts";

startTheme();
startClock();
startRouter();
startShortcuts();

const root = document.querySelector("#app");
if (root) render(<App />, root);
