// Draws an article that has no photo, as an SVG: the outline of its kind in its colour and pattern.
// The same article always looks the same. No text of the article gets into the picture, so nothing
// has to be escaped.

import type { ArticleRow } from '../../data/store/store';
import { attributesOf } from '../../features/columns';
import { colourOf, lightness, mix, shade, toHex, type Rgb } from './colours';
import { patternOf } from './patterns';
import { silhouetteOf } from './silhouettes';

export type Drawn = Pick<ArticleRow, 'id' | 'name' | 'category' | 'colour' | 'attributes'>;

/** The name of an article's pattern; null if the shop has none. */
export function patternName(article: Drawn): string | null {
  const attributes = attributesOf(article);
  const found = [attributes['graphical_appearance_name'], attributes['pattern']].find(Array.isArray);
  const first: unknown = found?.[0];
  return typeof first === 'string' ? first : null;
}

export const DRAWING = { width: 320, height: 480 } as const;

/** The picture as an SVG of 320 × 480. */
export function drawArticle(article: Drawn): string {
  const { width, height } = DRAWING;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
${articleShapes(article)}
</svg>`;
}

/**
 * The shapes of the picture, without the svg around them. Ids within them begin with `scope`, since
 * several pictures in one file need different ids.
 */
export function articleShapes(article: Drawn, scope = ''): string {
  const colour = colourOf(article.colour);
  // The narrowest category says best what an article is, the wider ones say less than its name.
  const [narrowest = null, ...wider] = article.category.toReversed();
  const silhouette = silhouetteOf(narrowest, article.name, ...wider);
  const seed = hash(article.id);
  const pattern = patternOf(patternName(article), colour, seed, scope);
  const paper = paperOf(colour);
  const edge = toHex(shade(colour, lightness(colour) > 0.3 ? -0.34 : 0.3));
  const body = silhouette.body.map((path) => `<path d="${path}"/>`).join('');
  const lines = silhouette.lines.map((path) => `<path d="${path}"/>`).join('');
  const parts = (silhouette.parts ?? []).map((path) => `<path d="${path}"/>`).join('');
  // Tilted by a degree or two, as if laid out by hand.
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

/** The sheet that an article lies on, a warm white with a little of the article's colour. */
function paperOf(colour: Rgb): Rgb {
  return mix(mix([233, 227, 217], colour, 0.14), [233, 227, 217], lightness(colour) > 0.85 ? 0.6 : 0);
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
