// Chooses the silhouette of an article by the words of its type.

import { ACCESSORIES } from './accessories';
import { GARMENTS } from './garments';
import type { Silhouette } from './outline';

const SILHOUETTES = { ...GARMENTS, ...ACCESSORIES };

/**
 * Returns the silhouette for the first text that names a kind of article; a folded cloth if none
 * does.
 */
export function silhouetteOf(...texts: readonly (string | null)[]): Silhouette {
  for (const text of texts) {
    if (text === null) continue;
    const found = BY_WORDS.find(([pattern]) => pattern.test(text.toLowerCase()));
    if (found) return SILHOUETTES[found[1]];
  }
  return SILHOUETTES.cloth;
}

/** The first entry that matches counts, so the more specific words come first. */
const BY_WORDS: readonly (readonly [words: RegExp, name: keyof typeof SILHOUETTES])[] = [
  [/earring|ear ring|hoop/, 'earrings'],
  [/necklace|bracelet|ring\b|watch|jewell|brooch|bead/, 'necklace'],
  [/sunglass|glasses|eye ?wear/, 'sunglasses'],
  [/glove|mitten/, 'gloves'],
  [/beanie|hat\/beanie|headband|alice band|hairband|balaclava/, 'beanie'],
  [/cap\b|peaked/, 'cap'],
  [/hat\b|straw|bucket|felt/, 'hat'],
  [/scarf|shawl|tie\b/, 'scarf'],
  [/bag|backpack|wallet|purse|tote/, 'bag'],
  [/belt|suspender|braces/, 'belt'],
  [/boot/, 'boots'],
  [/sneaker|trainer|ballerina|loafer|moccasin|flat shoe|other shoe|pre-walker|shoe/, 'sneakers'],
  [/sandal|heel|pump|wedge|slipper|flip flop|mule|espadrille/, 'sandals'],
  [/tights|stocking/, 'tights'],
  [/sock|leg warmer/, 'socks'],
  [/pyjama|night ?wear|outfit|underwear set|garment set|costume|tracksuit/, 'set'],
  [/robe|dressing gown|kimono|caftan|sarong/, 'robe'],
  [/swimsuit|swimwear set/, 'swimsuit'],
  [/bra\b|bikini top|bra extender|nipple/, 'bra'],
  [/swimwear bottom|underwear bottom|briefs|bikini bottom|boxers|knicker|thong/, 'briefs'],
  [/bodysuit|underwear body|romper|body\b/, 'bodysuit'],
  [/jumpsuit|playsuit|dungaree|overall/, 'jumpsuit'],
  [/dress|gown/, 'dress'],
  [/skirt/, 'skirt'],
  [/legging/, 'leggings'],
  [/jogger|sweatpants|tracksuit bottom|outdoor trousers/, 'joggers'],
  [/jeans|denim trousers/, 'jeans'],
  [/shorts|bermuda/, 'shorts'],
  [/trouser|pant|chino|slacks/, 'trousers'],
  [/hood/, 'hoodie'],
  [/sweatshirt/, 'sweatshirt'],
  [/cardigan|waistcoat|tailored waistcoat/, 'cardigan'],
  [/blazer|suit jacket/, 'blazer'],
  [/coat|parka|trench/, 'coat'],
  [/jacket|outdoor|bomber|anorak/, 'jacket'],
  [/blouse|tunic/, 'blouse'],
  [/t-?shirt|tee\b|polo/, 'tee'],
  [/shirt/, 'shirt'],
  [/sweater|jumper|pullover|knit/, 'jumper'],
  [/vest|tank|camisole|bustier|strap top/, 'vest'],
  [/top|upper/, 'tee'],
];
