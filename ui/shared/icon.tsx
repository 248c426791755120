import type { JSX } from "preact";

/** Drawn on a grid of 16, stroked in the colour of the text. */
const PATHS = {
  function:
    "M6.5 3.500c-2 0-2 2-2 2.500S4.5 8 3 8c1.5 0 1.5 1.5 1.5 2s0 2.5 2 2.500M9.5 3.500c2 0 2 2 2 2.500S11.5 8 13 8c-1.5 0-1.5 1.5-1.5 2s0 2.5-2 2.5",
  service: "M3 4.500h10v7H3zM3 8h10M5.2 6.200h.01M5.2 9.800h.01",
  queue: "M2.5 5h2.800v6H2.500zM6.6 5h2.800v6H6.600zM10.7 5h2.800v6h-2.800z",
  topic: "M3.5 8h3M6.5 8l5-4M6.5 8l5 4M6.5 8h5.500M12 4h.01M12.3 8h.01M12 12h.01",
  dead: "M3.5 7.500a4.5 4.5 0 0 1 9 0v2.200l-1.8.8v1.700H5.300v-1.700l-1.8-.8zM6.3 7.800h.01M9.7 7.800h.01M8 12.200v-1.5",
  store:
    "M3 4.500c0-1 2.2-1.8 5-1.800s5 .8 5 1.8-2.2 1.8-5 1.8-5-.8-5-1.800zM3 4.500v7c0 1 2.2 1.8 5 1.800s5-.8 5-1.800v-7M3 8c0 1 2.2 1.8 5 1.800s5-.8 5-1.8",
  external: "M6 4H3.500v8.500H12V10M9 3.500h3.500V7M12.3 3.7 7.5 8.5",
  span: "M3 8h10",
  missing: "M6 6.200a2 2 0 1 1 2.7 1.900c-.5.2-.7.5-.7 1.100M8 11.500h.01",
  check: "M3.5 8.5 6.5 11.5 12.5 4.5",
  cross: "M4.5 4.500l7 7M11.5 4.500l-7 7",
  warn: "M8 3 14 13H2zM8 7v2.500M8 11.300h.01",
  copy: "M5.5 5.500V3h7.500v7.500h-2.500M3 5.500h7.500V13H3z",
  chevron: "M6 4l4 4-4 4",
  sun: "M8 5.200a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.600zM8 1.800v1M8 13.200v1M1.8 8h1M13.2 8h1M3.6 3.600l.7.700M11.7 11.700l.7.700M12.4 3.600l-.7.700M4.3 11.700l-.7.7",
  moon: "M12.8 9.700A5.3 5.3 0 0 1 6.3 3.200a5.3 5.3 0 1 0 6.5 6.500z",
  auto: "M8 2.500a5.5 5.5 0 1 0 0 11zM8 2.500a5.5 5.5 0 0 1 0 11",
  cold: "M8 2v12M2.8 5l10.4 6M13.2 5 2.8 11M6.5 3 8 4.5 9.5 3M6.5 13 8 11.5 9.5 13",
  retry: "M12.5 6.500A5 5 0 1 0 13 9M13 3.500v3.200h-3.2",
  clock: "M8 2.500a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM8 5v3.200l2 1.3",
  keyboard: "M2 4.500h12v7H2zM4.5 7h.01M6.8 7h.01M9.2 7h.01M11.5 7h.01M5 9.300h6",
  stack: "M4.500 3h7M3.500 5.500h9M2.500 8h11v4.500h-11z",
  arrow: "M8 3v10M4.5 9.5 8 13l3.5-3.5",
} as const;

/** What can be drawn. */
export type IconName = keyof typeof PATHS;

/** An icon beside text that says the same: hidden from screen readers. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }): JSX.Element {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
