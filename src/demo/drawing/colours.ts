// Colours by the names that shops give them: “Light Pink”, “Dark Turquoise”, “Off White”.

/** Red, green and blue, 0 to 255. */
export type Rgb = readonly [number, number, number];

/**
 * Colours by name. The first pattern that matches counts, so the more specific names come first.
 */
const NAMED: readonly (readonly [name: RegExp, hex: string])[] = [
  [/neon yellow/, '#dcec4a'],
  [/hot pink|fuchsia|magenta/, '#dd3f8b'],
  [/dusty rose|rose/, '#c78f93'],
  [/off white|ivory|cream/, '#efe6d2'],
  [/khaki/, '#8b8a5e'],
  [/turquoise/, '#39aeb4'],
  [/teal|petrol/, '#2f7a7c'],
  [/mint/, '#a5d6c2'],
  [/mustard/, '#c79a35'],
  [/terracotta|brick/, '#bd6a4c'],
  [/rust|copper/, '#a8532f'],
  [/navy/, '#27345a'],
  [/lilac|lavender/, '#b7a4d3'],
  [/violet/, '#6c459f'],
  [/purple|plum|aubergine/, '#79558f'],
  [/gold/, '#c5a052'],
  [/bronze/, '#94694a'],
  [/silver|metal/, '#b9bdc4'],
  [/white/, '#f6f4ee'],
  [/black/, '#2a2a30'],
  [/grey|gray|mole/, '#8f9299'],
  [/beige|sand|camel/, '#d6c1a0'],
  [/brown|chocolate/, '#7a5440'],
  [/orange|apricot/, '#e08a4a'],
  [/pink|coral/, '#e59fb5'],
  [/red|wine|burgundy/, '#bf3d3b'],
  [/yellow/, '#e9cd62'],
  [/green|olive|lime/, '#55885c'],
  [/blue|indigo/, '#446fae'],
  [/transparent/, '#dfe5e6'],
];
const UNKNOWN: Rgb = [176, 170, 160];
const WHITE: Rgb = [255, 255, 255];
const BLACK: Rgb = [24, 24, 30];

/** The colour that a name stands for; a quiet grey for unknown names. */
export function colourOf(name: string | null): Rgb {
  const text = (name ?? '').toLowerCase();
  const hex = NAMED.find(([pattern]) => pattern.test(text))?.[1];
  let colour = hex === undefined ? UNKNOWN : fromHex(hex);
  // White and black cannot become lighter or darker, and neon is light by itself.
  if (/white|black|neon|transparent/.test(text)) return colour;
  if (/light|pale/.test(text)) colour = mix(colour, WHITE, 0.42);
  if (/dark|deep/.test(text)) colour = mix(colour, BLACK, 0.42);
  if (/dusty/.test(text)) colour = mix(colour, UNKNOWN, 0.3);
  return colour;
}

/** A colour between two: `share` 0 is `a`, 1 is `b`. */
export function mix(a: Rgb, b: Rgb, share: number): Rgb {
  const at = (i: 0 | 1 | 2): number => Math.round(a[i] + (b[i] - a[i]) * share);
  return [at(0), at(1), at(2)];
}

/** How light a colour looks, 0 to 1. */
export function lightness([red, green, blue]: Rgb): number {
  return (0.299 * red + 0.587 * green + 0.114 * blue) / 255;
}

/** The same colour, lighter if `share` is above 0 and darker if it is below. */
export function shade(colour: Rgb, share: number): Rgb {
  return share > 0 ? mix(colour, WHITE, share) : mix(colour, BLACK, -share);
}

export function toHex(colour: Rgb): string {
  return `#${colour.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}

function fromHex(hex: string): Rgb {
  const value = Number.parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}
