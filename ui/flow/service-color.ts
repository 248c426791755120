/**
 * Hues of services: twelve steps that keep clear of the red of errors and the amber of queues. Lightness and
 * chroma come from the style sheet, so that each holds 3:1 against both themes' backgrounds.
 */
const HUES = [275, 200, 155, 330, 235, 125, 300, 180, 255, 140, 218, 350];

/** Returns the hue, in degrees, of each service, by order of appearance. */
export function serviceHues(services: Iterable<string>): Map<string, number> {
  const hues = new Map<string, number>();
  for (const service of services) {
    if (service !== "" && !hues.has(service)) hues.set(service, HUES[hues.size % HUES.length] ?? 275);
  }
  return hues;
}
