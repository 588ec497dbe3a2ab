// A drawn picture of an article that has no photo: the outline of its type in its colour and
// pattern, as one SVG. The same article always looks the same. Knows nothing of HTTP; texts of
// articles never get into the picture.

import type { ArticleRow } from '../data/store/store';
import { colourOf, lightness, mix, shade, toHex, type Rgb } from './colours';
import { SILHOUETTES, silhouetteOf, type Silhouette } from './silhouettes';

export type Drawn = Pick<
  ArticleRow,
  | 'id'
  | 'name'
  | 'productTypeName'
  | 'productGroupName'
  | 'colourGroupName'
  | 'perceivedColourMasterName'
  | 'graphicalAppearanceName'
>;

export const DRAWING = { width: 320, height: 480 } as const;

/** The picture as an SVG of 320 × 480. */
export function drawArticle(article: Drawn): string {
  const { width, height } = DRAWING;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
${articleShapes(article)}
</svg>`;
}

/**
 * What is in the picture. `scope` begins the ids of its parts: several pictures of one file have
 * different ones.
 */
export function articleShapes(article: Drawn, scope = ''): string {
  const colour = colourOf(article.colourGroupName ?? article.perceivedColourMasterName);
  const silhouette: Silhouette =
    SILHOUETTES[silhouetteOf(article.productTypeName, article.name, article.productGroupName)];
  const seed = hash(article.id);
  const pattern = patternOf(article.graphicalAppearanceName, colour, seed, scope);
  const paper = paperOf(colour);
  const edge = toHex(shade(colour, lightness(colour) > 0.3 ? -0.34 : 0.3));
  const body = silhouette.body.map((path) => `<path d="${path}"/>`).join('');
  const lines = silhouette.lines.map((path) => `<path d="${path}"/>`).join('');
  const parts = (silhouette.parts ?? []).map((path) => `<path d="${path}"/>`).join('');
  // A degree or two off the upright, as if laid out by hand.
  const tilt = ((seed >>> 8) % 5) - 2;
  return `<defs>
<radialGradient id="${scope}paper" cx=".5" cy=".42" r=".8"><stop offset="0" stop-color="${toHex(shade(paper, 0.45))}"/><stop offset="1" stop-color="${toHex(paper)}"/></radialGradient>
<linearGradient id="${scope}light" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="#fff" stop-opacity=".26"/><stop offset=".45" stop-color="#fff" stop-opacity="0"/><stop offset="1" stop-color="#000" stop-opacity=".2"/></linearGradient>
<filter id="${scope}soft" x="-20%" y="-20%" width="140%" height="140%"><feGaussianBlur stdDeviation="9"/></filter>
<clipPath id="${scope}shape">${body}</clipPath>${pattern.definition}
</defs>
<rect width="320" height="480" fill="url(#${scope}paper)"/>
<g transform="rotate(${tilt} 160 240)">
<g transform="translate(5 12)" fill="#1b1712" opacity=".2" filter="url(#${scope}soft)" fill-rule="evenodd">${body}</g>
<g fill="${toHex(colour)}" fill-rule="evenodd">${body}</g>
<g clip-path="url(#${scope}shape)">${pattern.overlay}<rect width="320" height="480" fill="url(#${scope}light)"/></g>
<g fill="none" stroke="${edge}" stroke-width="2" stroke-linejoin="round" stroke-linecap="round"><g stroke-opacity=".75">${body}</g><g stroke-opacity=".6" stroke-width="1.6">${lines}</g></g>
<g fill="${edge}" fill-rule="evenodd">${parts}</g>
</g>`;
}

/** The sheet that an article lies on: a warm white with a breath of its colour. */
function paperOf(colour: Rgb): Rgb {
  return mix(mix([233, 227, 217], colour, 0.14), [233, 227, 217], lightness(colour) > 0.85 ? 0.6 : 0);
}

interface Pattern {
  readonly definition: string;
  /** Drawn over the body's colour, within its outline. */
  readonly overlay: string;
}

const PLAIN: Pattern = { definition: '', overlay: '' };

/** Pattern names of H&M's and of the synthetic shop; what is not known is plain. */
function patternOf(name: string | null, colour: Rgb, seed: number, scope: string): Pattern {
  const text = (name ?? '').toLowerCase();
  const dark = lightness(colour) < 0.5;
  const ink = toHex(shade(colour, dark ? 0.55 : -0.42));
  const faint = toHex(shade(colour, dark ? 0.28 : -0.2));
  const accent = toHex(shade(ACCENTS[seed % ACCENTS.length], dark ? 0.25 : 0));
  const tile = (width: number, height: number, content: string, turn = 0): Pattern => ({
    definition: `<pattern id="${scope}tile" width="${width}" height="${height}" patternUnits="userSpaceOnUse"${turn ? ` patternTransform="rotate(${turn})"` : ''}>${content}</pattern>`,
    overlay: `<rect x="-40" y="-40" width="400" height="560" fill="url(#${scope}tile)"/>`,
  });
  if (/stripe|rib/.test(text))
    return tile(20, 22, `<rect width="20" height="8" fill="${ink}" opacity=".85"/>`, seed % 3 === 0 ? 90 : 0);
  if (/check|argyle|tartan/.test(text)) {
    return tile(
      36,
      36,
      `<rect width="14" height="36" fill="${ink}" opacity=".42"/><rect width="36" height="14" fill="${ink}" opacity=".42"/><rect x="24" width="2" height="36" fill="${accent}" opacity=".8"/><rect y="24" width="36" height="2" fill="${accent}" opacity=".8"/>`,
    );
  }
  if (/dot/.test(text))
    return tile(26, 26, `<circle cx="7" cy="7" r="4.2" fill="${ink}"/><circle cx="20" cy="20" r="4.2" fill="${ink}"/>`);
  if (/flor|all over/.test(text)) {
    const flower = (x: number, y: number, petals: string): string =>
      `<g transform="translate(${x} ${y})">${[0, 72, 144, 216, 288].map((turn) => `<ellipse cy="-6.5" rx="4" ry="6" fill="${petals}" transform="rotate(${turn})"/>`).join('')}<circle r="3.2" fill="#f2d58a"/></g>`;
    return tile(
      58,
      58,
      `${flower(15, 16, accent)}${flower(43, 44, ink)}<path d="M34 12q8 4 6 14M6 44q6-8 14-6" stroke="${faint}" stroke-width="2.4" fill="none"/>`,
    );
  }
  if (/melange|neps|slub/.test(text)) {
    return tile(
      22,
      16,
      `<path d="M1 3h7M12 6h8M4 10h9M15 14h6M0 14h4M9 1h5" stroke="${faint}" stroke-width="1.3" opacity=".8"/>`,
      4,
    );
  }
  if (/denim|chambray/.test(text))
    return tile(5, 5, `<path d="M0 5L5 0" stroke="${faint}" stroke-width="1.1" opacity=".75"/>`);
  if (/\blace|mesh|crochet|transparent|embroider|jacquard/.test(text)) {
    return tile(
      20,
      24,
      `<path d="M10 2c6 4 6 8 0 10c-6-2-6-6 0-10M0 14c6 4 6 8 0 10M20 14c-6 4-6 8 0 10" fill="none" stroke="${ink}" stroke-width="1.3" opacity=".75"/><circle cx="10" cy="18" r="1.6" fill="${ink}" opacity=".7"/>`,
    );
  }
  if (/animal|leopard|zebra/.test(text)) {
    return tile(
      48,
      44,
      `<g fill="${ink}" opacity=".85"><path d="M8 6q8-5 12 2q-6-1-7 5q-6 0-5-7"/><path d="M32 14q8-2 9 6q-5-3-9 2q-4-4 0-8"/><path d="M14 28q9-3 11 5q-6-2-8 4q-7-3-3-9"/><path d="M38 34q6-2 6 5q-6 1-6-5"/></g><g fill="${faint}"><circle cx="15" cy="10" r="2.4"/><circle cx="20" cy="33" r="2.4"/></g>`,
    );
  }
  if (/glitter|metallic|sequin|hologram/.test(text)) {
    const star = (x: number, y: number, r: number): string =>
      `<path d="M${x} ${y - r}L${x + r / 3} ${y - r / 3} ${x + r} ${y} ${x + r / 3} ${y + r / 3} ${x} ${y + r} ${x - r / 3} ${y + r / 3} ${x - r} ${y} ${x - r / 3} ${y - r / 3}Z" fill="#fff"/>`;
    return tile(
      34,
      34,
      `<g opacity=".8">${star(8, 9, 5)}${star(25, 23, 3.6)}${star(27, 5, 2.4)}${star(7, 28, 2.6)}</g>`,
    );
  }
  if (/camo/.test(text)) {
    return tile(
      90,
      80,
      `<g opacity=".7"><path d="M4 10q20-14 34 2t-6 20q-20 6-30-6z" fill="${ink}"/><path d="M52 30q18-10 30 4t-10 22q-22 2-26-12z" fill="${faint}"/><path d="M14 52q16-8 26 4t-12 18q-20 0-18-14z" fill="${accent}" opacity=".6"/></g>`,
    );
  }
  if (/print|placement|front|application|motif/.test(text)) return placed(seed, accent, ink);
  if (/colour blocking|contrast|mixed/.test(text))
    return { definition: '', overlay: `<rect y="236" width="320" height="244" fill="${accent}" opacity=".9"/>` };
  return PLAIN;
}

/** One motif in the middle. */
function placed(seed: number, accent: string, ink: string): Pattern {
  const motifs = [
    `<circle r="34" fill="${accent}"/><path d="M-34 8h68M-30 18h60M-22 28h44" stroke="${ink}" stroke-width="4"/>`,
    `<path d="M-40 26L-12-22 6 6 18-12 40 26Z" fill="${accent}"/><circle cx="20" cy="-26" r="9" fill="${ink}"/>`,
    `<path d="M0-36L10-11 37-11 15 5 23 31 0 15-23 31-15 5-37-11-10-11Z" fill="${accent}"/>`,
    `<path d="M0 30C-44 0-30-34-8-26Q0-22 0-14Q0-22 8-26C30-34 44 0 0 30Z" fill="${accent}"/>`,
    `<g fill="none" stroke="${accent}" stroke-width="6"><path d="M-38-14q9.500-14 19 0t19 0 19 0 19 0"/><path d="M-38 6q9.500-14 19 0t19 0 19 0 19 0"/><path d="M-38 26q9.500-14 19 0t19 0 19 0 19 0"/></g>`,
  ];
  return { definition: '', overlay: `<g transform="translate(160 214)">${motifs[seed % motifs.length]}</g>` };
}

const ACCENTS: readonly Rgb[] = [
  [214, 106, 78],
  [60, 120, 134],
  [222, 176, 84],
  [150, 84, 122],
  [86, 128, 92],
  [236, 222, 198],
];

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
