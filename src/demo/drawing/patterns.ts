// The pattern of an article in SVG, by the name that shops give it.

import { lightness, shade, toHex, type Rgb } from './colours';

export interface Pattern {
  readonly definition: string;
  /** Shapes that are drawn over the body's colour, within the body's outline. */
  readonly overlay: string;
}

/** The names of H&M and of the synthetic shop are known. Any other name gives a plain article. */
export function patternOf(name: string | null, colour: Rgb, seed: number, scope: string): Pattern {
  const text = (name ?? '').toLowerCase();
  const dark = lightness(colour) < 0.5;
  const draw = PATTERNS.find(([pattern]) => pattern.test(text))?.[1];
  if (!draw) return { definition: '', overlay: '' };
  return draw({
    ink: toHex(shade(colour, dark ? 0.55 : -0.42)),
    faint: toHex(shade(colour, dark ? 0.28 : -0.2)),
    accent: toHex(shade(ACCENTS[seed % ACCENTS.length], dark ? 0.25 : 0)),
    seed,
    scope,
  });
}

interface Inks {
  /** A colour that stands out from the article's colour. */
  readonly ink: string;
  readonly faint: string;
  readonly accent: string;
  readonly seed: number;
  /** The prefix of the ids within the picture. */
  readonly scope: string;
}

/** The first entry whose words match the name draws the pattern. */
const PATTERNS: readonly (readonly [words: RegExp, draw: (inks: Inks) => Pattern])[] = [
  [/stripe|rib/, stripes],
  [/check|argyle|tartan/, checks],
  [/dot/, dots],
  [/flor|all over/, flowers],
  [/melange|neps|slub/, melange],
  [/denim|chambray/, denim],
  [/\blace|mesh|crochet|transparent|embroider|jacquard/, lace],
  [/animal|leopard|zebra/, animal],
  [/glitter|metallic|sequin|hologram/, glitter],
  [/camo/, camouflage],
  [/print|placement|front|application|motif/, motif],
  [/colour blocking|contrast|mixed/, twoColours],
];

const ACCENTS: readonly Rgb[] = [
  [214, 106, 78],
  [60, 120, 134],
  [222, 176, 84],
  [150, 84, 122],
  [86, 128, 92],
  [236, 222, 198],
];

function stripes({ ink, seed, scope }: Inks): Pattern {
  const content = `<rect width="20" height="8" fill="${ink}" opacity=".85"/>`;
  return tiles({ scope, width: 20, height: 22, content, turn: seed % 3 === 0 ? 90 : 0 });
}

function checks({ ink, accent, scope }: Inks): Pattern {
  const content = `<rect width="14" height="36" fill="${ink}" opacity=".42"/><rect width="36" height="14" fill="${ink}" opacity=".42"/><rect x="24" width="2" height="36" fill="${accent}" opacity=".8"/><rect y="24" width="36" height="2" fill="${accent}" opacity=".8"/>`;
  return tiles({ scope, width: 36, height: 36, content });
}

function dots({ ink, scope }: Inks): Pattern {
  const content = `<circle cx="7" cy="7" r="4.2" fill="${ink}"/><circle cx="20" cy="20" r="4.2" fill="${ink}"/>`;
  return tiles({ scope, width: 26, height: 26, content });
}

function flowers({ ink, faint, accent, scope }: Inks): Pattern {
  const flower = (x: number, y: number, petals: string): string =>
    `<g transform="translate(${x} ${y})">${[0, 72, 144, 216, 288].map((turn) => `<ellipse cy="-6.5" rx="4" ry="6" fill="${petals}" transform="rotate(${turn})"/>`).join('')}<circle r="3.2" fill="#f2d58a"/></g>`;
  const content = `${flower(15, 16, accent)}${flower(43, 44, ink)}<path d="M34 12q8 4 6 14M6 44q6-8 14-6" stroke="${faint}" stroke-width="2.4" fill="none"/>`;
  return tiles({ scope, width: 58, height: 58, content });
}

function melange({ faint, scope }: Inks): Pattern {
  const content = `<path d="M1 3h7M12 6h8M4 10h9M15 14h6M0 14h4M9 1h5" stroke="${faint}" stroke-width="1.3" opacity=".8"/>`;
  return tiles({ scope, width: 22, height: 16, content, turn: 4 });
}

function denim({ faint, scope }: Inks): Pattern {
  const content = `<path d="M0 5L5 0" stroke="${faint}" stroke-width="1.1" opacity=".75"/>`;
  return tiles({ scope, width: 5, height: 5, content });
}

function lace({ ink, scope }: Inks): Pattern {
  const content = `<path d="M10 2c6 4 6 8 0 10c-6-2-6-6 0-10M0 14c6 4 6 8 0 10M20 14c-6 4-6 8 0 10" fill="none" stroke="${ink}" stroke-width="1.3" opacity=".75"/><circle cx="10" cy="18" r="1.6" fill="${ink}" opacity=".7"/>`;
  return tiles({ scope, width: 20, height: 24, content });
}

function animal({ ink, faint, scope }: Inks): Pattern {
  const content = `<g fill="${ink}" opacity=".85"><path d="M8 6q8-5 12 2q-6-1-7 5q-6 0-5-7"/><path d="M32 14q8-2 9 6q-5-3-9 2q-4-4 0-8"/><path d="M14 28q9-3 11 5q-6-2-8 4q-7-3-3-9"/><path d="M38 34q6-2 6 5q-6 1-6-5"/></g><g fill="${faint}"><circle cx="15" cy="10" r="2.4"/><circle cx="20" cy="33" r="2.4"/></g>`;
  return tiles({ scope, width: 48, height: 44, content });
}

function glitter({ scope }: Inks): Pattern {
  const star = (x: number, y: number, r: number): string =>
    `<path d="M${x} ${y - r}L${x + r / 3} ${y - r / 3} ${x + r} ${y} ${x + r / 3} ${y + r / 3} ${x} ${y + r} ${x - r / 3} ${y + r / 3} ${x - r} ${y} ${x - r / 3} ${y - r / 3}Z" fill="#fff"/>`;
  const content = `<g opacity=".8">${star(8, 9, 5)}${star(25, 23, 3.6)}${star(27, 5, 2.4)}${star(7, 28, 2.6)}</g>`;
  return tiles({ scope, width: 34, height: 34, content });
}

function camouflage({ ink, faint, accent, scope }: Inks): Pattern {
  const content = `<g opacity=".7"><path d="M4 10q20-14 34 2t-6 20q-20 6-30-6z" fill="${ink}"/><path d="M52 30q18-10 30 4t-10 22q-22 2-26-12z" fill="${faint}"/><path d="M14 52q16-8 26 4t-12 18q-20 0-18-14z" fill="${accent}" opacity=".6"/></g>`;
  return tiles({ scope, width: 90, height: 80, content });
}

/** Draws one motif in the middle of the sheet. */
function motif({ seed, accent, ink }: Inks): Pattern {
  const motifs = [
    `<circle r="34" fill="${accent}"/><path d="M-34 8h68M-30 18h60M-22 28h44" stroke="${ink}" stroke-width="4"/>`,
    `<path d="M-40 26L-12-22 6 6 18-12 40 26Z" fill="${accent}"/><circle cx="20" cy="-26" r="9" fill="${ink}"/>`,
    `<path d="M0-36L10-11 37-11 15 5 23 31 0 15-23 31-15 5-37-11-10-11Z" fill="${accent}"/>`,
    `<path d="M0 30C-44 0-30-34-8-26Q0-22 0-14Q0-22 8-26C30-34 44 0 0 30Z" fill="${accent}"/>`,
    `<g fill="none" stroke="${accent}" stroke-width="6"><path d="M-38-14q9.500-14 19 0t19 0 19 0 19 0"/><path d="M-38 6q9.500-14 19 0t19 0 19 0 19 0"/><path d="M-38 26q9.500-14 19 0t19 0 19 0 19 0"/></g>`,
  ];
  return { definition: '', overlay: `<g transform="translate(160 214)">${motifs[seed % motifs.length]}</g>` };
}

function twoColours({ accent }: Inks): Pattern {
  return { definition: '', overlay: `<rect y="236" width="320" height="244" fill="${accent}" opacity=".9"/>` };
}

interface Tile {
  readonly scope: string;
  readonly width: number;
  readonly height: number;
  readonly content: string;
  /** Rotation in degrees. */
  readonly turn?: number;
}

/** Fills the whole sheet with copies of one tile. */
function tiles({ scope, width, height, content, turn = 0 }: Tile): Pattern {
  return {
    definition: `<pattern id="${scope}tile" width="${width}" height="${height}" patternUnits="userSpaceOnUse"${turn ? ` patternTransform="rotate(${turn})"` : ''}>${content}</pattern>`,
    overlay: `<rect x="-40" y="-40" width="400" height="560" fill="url(#${scope}tile)"/>`,
  };
}
