import type { JSX } from "preact";

/** Drawn on a grid of 16, stroked in the colour of the text. */
const PATHS = {
  function:
    "M6.500 3.500c-2 0-2 2-2 2.500S4.500 8 3 8c1.500 0 1.500 1.500 1.500 2s0 2.500 2 2.500M9.500 3.500c2 0 2 2 2 2.500S11.500 8 13 8c-1.500 0-1.500 1.500-1.500 2s0 2.500-2 2.500",
  service: "M3 4.500h10v7H3zM3 8h10M5.200 6.200h.01M5.200 9.800h.01",
  queue: "M2.500 5h2.800v6H2.500zM6.600 5h2.800v6H6.600zM10.700 5h2.800v6h-2.800z",
  topic: "M3.500 8h3M6.500 8l5-4M6.500 8l5 4M6.500 8h5.500M12 4h.01M12.300 8h.01M12 12h.01",
  dead: "M3.500 7.500a4.500 4.500 0 0 1 9 0v2.200l-1.800.8v1.700H5.300v-1.700l-1.800-.8zM6.300 7.800h.01M9.700 7.800h.01M8 12.200v-1.500",
  store:
    "M3 4.500c0-1 2.200-1.800 5-1.800s5 .8 5 1.800-2.200 1.800-5 1.800-5-.8-5-1.800zM3 4.500v7c0 1 2.200 1.800 5 1.800s5-.8 5-1.800v-7M3 8c0 1 2.200 1.800 5 1.800s5-.8 5-1.800",
  external: "M6 4H3.500v8.500H12V10M9 3.500h3.500V7M12.300 3.700 7.500 8.500",
  span: "M3 8h10",
  missing: "M6 6.200a2 2 0 1 1 2.700 1.900c-.5.200-.7.500-.7 1.100M8 11.500h.01",
  check: "M3.500 8.500 6.500 11.500 12.500 4.500",
  cross: "M4.500 4.500l7 7M11.500 4.500l-7 7",
  warn: "M8 3 14 13H2zM8 7v2.500M8 11.300h.01",
  copy: "M5.500 5.500V3h7.500v7.500h-2.500M3 5.500h7.500V13H3z",
  chevron: "M6 4l4 4-4 4",
  sun: "M8 5.200a2.800 2.800 0 1 0 0 5.600 2.800 2.800 0 0 0 0-5.600zM8 1.800v1M8 13.200v1M1.800 8h1M13.200 8h1M3.600 3.600l.7.700M11.700 11.700l.7.700M12.400 3.600l-.7.700M4.300 11.700l-.7.700",
  moon: "M12.800 9.700A5.300 5.300 0 0 1 6.300 3.200a5.300 5.300 0 1 0 6.500 6.500z",
  auto: "M8 2.500a5.500 5.500 0 1 0 0 11zM8 2.500a5.500 5.500 0 0 1 0 11",
  cold: "M8 2v12M2.800 5l10.400 6M13.200 5 2.800 11M6.500 3 8 4.500 9.500 3M6.500 13 8 11.500 9.500 13",
  retry: "M12.500 6.500A5 5 0 1 0 13 9M13 3.500v3.200h-3.200",
  clock: "M8 2.500a5.500 5.500 0 1 0 0 11 5.500 5.500 0 0 0 0-11zM8 5v3.200l2 1.300",
  keyboard: "M2 4.500h12v7H2zM4.500 7h.01M6.800 7h.01M9.200 7h.01M11.500 7h.01M5 9.300h6",
  arrow: "M8 3v10M4.500 9.500 8 13l3.500-3.500",
} as const;

/** Name of an icon. */
export type IconName = keyof typeof PATHS;

/** An icon beside text that says the same: hidden from screen readers. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }): JSX.Element {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
