/** Average width of a character where nothing can be measured, in ems; generous, so that nothing is cut. */
const CHARACTER_EM = 0.62;

let context: CanvasRenderingContext2D | null | undefined;
let family = "";

/** Returns how wide a line of text is drawn, in pixels, in the page's own font. */
export function textWidth(text: string, sizePx: number, weight = 400): number {
  context ??= document.createElement("canvas").getContext("2d");
  if (!context) return text.length * sizePx * CHARACTER_EM;
  family ||= getComputedStyle(document.body).fontFamily;
  context.font = `${weight} ${sizePx}px ${family}`;
  return context.measureText(text).width;
}
