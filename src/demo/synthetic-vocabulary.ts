// The words and numbers that the synthetic shop is made of: styles, product types, colours,
// patterns. Tables only; how often each is used, and by whom, is decided in synthetic-catalogue.ts
// and synthetic-customers.ts.

/**
 * A taste: what belongs together in customers' eyes. Its words run through the names and
 * descriptions of its articles.
 */
export interface Style {
  readonly name: string;
  readonly index: keyof typeof INDEXES;
  readonly section: string;
  readonly departments: readonly string[];
  /** The age at which the style is liked most, years. */
  readonly age: number;
  readonly moods: readonly string[];
  readonly fabrics: readonly string[];
  readonly types: readonly ProductTypeName[];
  readonly patterns: readonly PatternName[];
  /** Price level, 1 is the shop's middle. */
  readonly price: number;
}

export interface ProductType {
  readonly group: string;
  readonly garment: string;
  /** Middle price in the currency of the shop. */
  readonly price: number;
  /** Week of the year (0–51) in which it sells most, and how strongly (0: the same all year). */
  readonly peak: number;
  readonly swing: number;
  /** How readily the same customer buys the very same article again, 0 to 1. */
  readonly repeat: number;
  readonly details: readonly string[];
}

export interface Colour {
  readonly name: string;
  readonly value: string;
  readonly master: string;
  /** Index into PALETTES. */
  readonly palette: number;
}

export const PALETTES = ['neutral', 'earth', 'ocean', 'warm', 'pastel', 'bright'] as const;

/** Index codes of the shop's catalogues, the groups that they belong to. */
export const INDEXES = {
  A: { name: 'Women', groupNo: 1, group: 'Womenswear' },
  B: { name: 'Women Underwear and Swim', groupNo: 1, group: 'Womenswear' },
  D: { name: 'Young', groupNo: 2, group: 'Young fashion' },
  F: { name: 'Men', groupNo: 3, group: 'Menswear' },
  G: { name: 'Baby', groupNo: 4, group: 'Baby and children' },
  H: { name: 'Children', groupNo: 4, group: 'Baby and children' },
  S: { name: 'Active', groupNo: 26, group: 'Active' },
} as const;

const UPPER = 'Upper body';
const LOWER = 'Lower body';
const WHOLE = 'Full body';
const EXTRA = 'Accessories';
const INNER = 'Underwear and nightwear';

const type = (
  group: string,
  garment: string,
  price: number,
  peak: number,
  swing: number,
  repeat: number,
  details: string,
): ProductType => ({ group, garment, price, peak, swing, repeat, details: details.split('; ') });

// prettier-ignore
export const PRODUCT_TYPES = {
  'T-shirt': type(UPPER, 'Jersey', 13, 25, 0.3, 0.9, 'a round neckline; short sleeves; a V-neck; dropped shoulders; a chest pocket'),
  Vest: type(UPPER, 'Jersey', 9, 27, 0.7, 0.9, 'narrow shoulder straps; a deep neckline; wide armholes; a racer back'),
  Blouse: type(UPPER, 'Blouses', 25, 18, 0.2, 0.4, 'balloon sleeves; a bow at the neck; covered buttons; frilled cuffs; a small stand-up collar'),
  Shirt: type(UPPER, 'Shirts', 27, 15, 0.1, 0.5, 'a turn-down collar; a button-down collar; a yoke at the back; long sleeves with buttoned cuffs'),
  Jumper: type(UPPER, 'Knitwear', 32, 47, 0.9, 0.4, 'ribbing at the cuffs and hem; a polo neck; raglan sleeves; a boat neck; a chunky knit'),
  Cardigan: type(UPPER, 'Knitwear', 34, 43, 0.7, 0.3, 'buttons down the front; patch pockets; a shawl collar; an open front'),
  Hoodie: type(UPPER, 'Sweats', 30, 44, 0.6, 0.5, 'a lined drawstring hood; a kangaroo pocket; a soft brushed inside; a zip down the front'),
  Sweatshirt: type(UPPER, 'Sweats', 26, 43, 0.5, 0.5, 'a printed motif; ribbing at the neckline; a soft brushed inside; an embroidered logo'),
  Blazer: type(UPPER, 'Tailoring', 60, 36, 0.4, 0.1, 'notch lapels; a single button; flap front pockets; padded shoulders; a double-breasted front'),
  Coat: type(UPPER, 'Outdoor', 90, 44, 1.7, 0.05, 'wide lapels; a tie belt; a detachable hood; a quilted lining; side pockets with a flap'),
  Jacket: type(UPPER, 'Outdoor', 60, 40, 1.1, 0.1, 'a zip with a wind flap; a stand-up collar; welt side pockets; elasticated cuffs'),
  Trousers: type(LOWER, 'Trousers', 36, 40, 0.2, 0.4, 'wide legs; a high waist; tapered legs; pleats at the top; an elasticated waist; side pockets'),
  Jeans: type(LOWER, 'Denim', 42, 38, 0.2, 0.4, 'skinny legs; a high waist; straight legs; a worn look; five pockets; a button fly'),
  Leggings: type(LOWER, 'Jersey', 15, 44, 0.4, 0.8, 'an elasticated waist; a wide waistband; flat seams; ankle-length legs'),
  Joggers: type(LOWER, 'Sweats', 24, 45, 0.3, 0.6, 'a drawstring waist; ribbed hems; a back pocket; tapered legs'),
  Shorts: type(LOWER, 'Shorts', 20, 26, 1.8, 0.4, 'turn-ups at the hems; a drawstring waist; side pockets; a high waist'),
  Skirt: type(LOWER, 'Skirts', 26, 22, 0.6, 0.2, 'soft pleats; a slit at the front; a concealed zip; an asymmetric hem; a wrapover front'),
  Dress: type(WHOLE, 'Dresses', 40, 24, 0.9, 0.15, 'a tie belt; a flounced hem; a wrapover front; puff sleeves; a seam at the waist; spaghetti straps'),
  Jumpsuit: type(WHOLE, 'Dresses', 42, 25, 0.9, 0.1, 'wide legs; a tie at the waist; a zip at the back; adjustable straps'),
  Bodysuit: type(WHOLE, 'Jersey', 14, 20, 0.1, 0.9, 'press-studs at the crotch; long sleeves; an envelope neckline; a snug fit'),
  Swimsuit: type(WHOLE, 'Swimwear', 30, 25, 2.2, 0.15, 'removable inserts; a low-cut back; ties at the sides; fully lined'),
  'Bikini top': type(UPPER, 'Swimwear', 16, 25, 2.2, 0.25, 'padded cups; narrow ties at the neck; underwire; a frilled edge'),
  Bra: type(INNER, 'Underwear', 22, 20, 0, 0.9, 'lace wings; moulded padded cups; adjustable straps; a hook-and-eye fastening'),
  Briefs: type(INNER, 'Underwear', 10, 20, 0, 1, 'a cotton gusset; a lace trim; a low waist; laser-cut edges'),
  Socks: type(INNER, 'Socks and tights', 7, 48, 0.4, 1, 'elasticated shafts; reinforced heels; a fine knit; a terry sole'),
  Tights: type(INNER, 'Socks and tights', 9, 46, 1.2, 1, 'a wide waistband; invisible reinforcement at the toes; a matt finish'),
  Pyjamas: type(INNER, 'Nightwear', 26, 48, 0.7, 0.4, 'a printed top and plain bottoms; a drawstring waist; a notch collar; ribbed cuffs'),
  Robe: type(INNER, 'Nightwear', 35, 49, 0.9, 0.1, 'a tie belt; patch pockets; a soft pile; a shawl collar'),
  Scarf: type(EXTRA, 'Accessories', 18, 47, 1.6, 0.2, 'fringes on the short sides; a soft weave; a generous width'),
  Hat: type(EXTRA, 'Accessories', 14, 47, 1, 0.2, 'a turned-up hem; a wide brim; an embroidered badge; a pompom'),
  Bag: type(EXTRA, 'Accessories', 28, 20, 0.1, 0.1, 'a detachable shoulder strap; an inner compartment; a zip at the top; a magnetic fastener'),
  Belt: type(EXTRA, 'Accessories', 14, 20, 0, 0.2, 'a metal buckle; a braided pattern; a narrow width'),
  Earrings: type(EXTRA, 'Accessories', 8, 50, 0.4, 0.3, 'shiny beads; small hoops; a pendant in the shape of a leaf; a set of three pairs'),
  Cap: type(EXTRA, 'Accessories', 12, 26, 0.6, 0.2, 'a curved peak; an adjustable tab at the back; an embroidered motif'),
  Sunglasses: type(EXTRA, 'Accessories', 11, 25, 1.5, 0.2, 'tinted lenses; a plastic frame; thin metal sidepieces'),
  Boots: type('Shoes', 'Shoes', 55, 42, 1.3, 0.05, 'a zip at the side; chunky soles; elastic side panels; lacing at the front'),
  Sneakers: type('Shoes', 'Shoes', 40, 16, 0.2, 0.15, 'a padded edge; a loop at the back; patterned soles; hook-and-loop tabs'),
  Sandals: type('Shoes', 'Shoes', 28, 25, 1.9, 0.1, 'adjustable straps; a shaped footbed; a block heel; braided straps'),
} as const satisfies Record<string, ProductType>;

export type ProductTypeName = keyof typeof PRODUCT_TYPES;

// prettier-ignore
export const PATTERNS = [
  'Solid', 'Stripe', 'Check', 'Floral', 'Dot', 'Melange', 'Denim', 'Lace', 'Animal', 'Print', 'Glitter', 'Camouflage',
] as const;
export type PatternName = (typeof PATTERNS)[number];

const colours = (palette: number, master: string, names: string): Colour[] =>
  names.split(', ').map((name) => ({
    name,
    master,
    palette,
    value: /^Light|White|Cream/.test(name)
      ? 'Light'
      : /^Dark|Black|Navy/.test(name)
        ? 'Dark'
        : palette === 5
          ? 'Bright'
          : palette === 4
            ? 'Dusty light'
            : 'Medium',
  }));

export const COLOURS: readonly Colour[] = [
  ...colours(0, 'Black', 'Black'),
  ...colours(0, 'White', 'White'),
  ...colours(0, 'Grey', 'Light grey, Grey, Dark grey'),
  ...colours(1, 'Beige', 'Beige, Cream'),
  ...colours(1, 'Brown', 'Brown, Dark brown, Rust'),
  ...colours(1, 'Green', 'Khaki'),
  ...colours(2, 'Blue', 'Navy, Blue, Light blue'),
  ...colours(2, 'Green', 'Teal, Dark green'),
  ...colours(3, 'Red', 'Red, Dark red'),
  ...colours(3, 'Orange', 'Orange, Terracotta'),
  ...colours(3, 'Yellow', 'Mustard'),
  ...colours(4, 'Pink', 'Light pink, Dusty rose'),
  ...colours(4, 'Purple', 'Lilac'),
  ...colours(4, 'Green', 'Mint'),
  ...colours(4, 'Yellow', 'Light yellow'),
  ...colours(5, 'Pink', 'Hot pink'),
  ...colours(5, 'Yellow', 'Neon yellow'),
  ...colours(5, 'Green', 'Bright green'),
  ...colours(5, 'Blue', 'Turquoise'),
  ...colours(5, 'Purple', 'Violet'),
];

// prettier-ignore
export const STYLES: readonly Style[] = [
  { name: 'everyday', index: 'A', section: 'Women everyday', departments: ['Jersey essentials', 'Everyday knit'], age: 38, price: 0.8,
    moods: ['easy', 'everyday', 'essential', 'simple'],
    fabrics: ['cotton jersey', 'soft jersey', 'a fine cotton knit'],
    types: ['T-shirt', 'Vest', 'Jumper', 'Leggings', 'Cardigan', 'Trousers', 'Socks', 'Scarf'],
    patterns: ['Solid', 'Stripe', 'Melange'] },
  { name: 'romantic', index: 'A', section: 'Women romance', departments: ['Dresses', 'Blouses'], age: 31, price: 1.1,
    moods: ['romantic', 'feminine', 'dreamy', 'delicate'],
    fabrics: ['airy chiffon', 'crêpe', 'lace', 'cotton voile'],
    types: ['Dress', 'Blouse', 'Skirt', 'Cardigan', 'Earrings', 'Sandals'],
    patterns: ['Floral', 'Lace', 'Dot'] },
  { name: 'office', index: 'A', section: 'Women tailoring', departments: ['Suits', 'Shirts and blouses'], age: 42, price: 1.5,
    moods: ['tailored', 'polished', 'smart', 'refined'],
    fabrics: ['woven twill', 'stretch weave', 'satin', 'a wool blend'],
    types: ['Blazer', 'Trousers', 'Shirt', 'Blouse', 'Skirt', 'Coat', 'Bag', 'Belt'],
    patterns: ['Solid', 'Stripe', 'Check'] },
  { name: 'minimalist', index: 'A', section: 'Women studio', departments: ['Studio collection', 'Premium knit'], age: 35, price: 1.6,
    moods: ['minimalist', 'clean', 'sculptural', 'pared-back'],
    fabrics: ['organic cotton', 'merino wool', 'lyocell', 'a linen blend'],
    types: ['Coat', 'Jumper', 'Trousers', 'Dress', 'Shirt', 'Boots', 'Bag'],
    patterns: ['Solid', 'Melange'] },
  { name: 'bohemian', index: 'A', section: 'Women travel', departments: ['Boho', 'Holiday'], age: 29, price: 1,
    moods: ['bohemian', 'free-spirited', 'sun-bleached', 'folk-inspired'],
    fabrics: ['crinkled cotton', 'embroidered cotton', 'viscose', 'crochet'],
    types: ['Dress', 'Blouse', 'Skirt', 'Jumpsuit', 'Hat', 'Sandals', 'Bag', 'Earrings'],
    patterns: ['Floral', 'Print', 'Stripe'] },
  { name: 'party', index: 'A', section: 'Women occasion', departments: ['Party', 'Occasion'], age: 27, price: 1.3,
    moods: ['glamorous', 'festive', 'shimmering', 'sophisticated'],
    fabrics: ['sequined mesh', 'velvet', 'glittery jersey', 'satin'],
    types: ['Dress', 'Jumpsuit', 'Skirt', 'Bodysuit', 'Blazer', 'Earrings', 'Bag', 'Boots'],
    patterns: ['Glitter', 'Solid', 'Animal'] },
  { name: 'lounge', index: 'B', section: 'Lingerie and home', departments: ['Lingerie', 'Nightwear'], age: 33, price: 0.9,
    moods: ['cosy', 'soft', 'relaxed', 'comfortable'],
    fabrics: ['microfibre', 'soft modal', 'lace', 'brushed flannel'],
    types: ['Bra', 'Briefs', 'Pyjamas', 'Robe', 'Tights', 'Bodysuit', 'Socks', 'Leggings'],
    patterns: ['Lace', 'Solid', 'Dot'] },
  { name: 'beach', index: 'B', section: 'Swim', departments: ['Swimwear', 'Beach'], age: 26, price: 0.9,
    moods: ['sunny', 'tropical', 'sporty', 'barefoot'],
    fabrics: ['recycled polyamide', 'terry', 'quick-drying fabric', 'crochet'],
    types: ['Swimsuit', 'Bikini top', 'Shorts', 'Sandals', 'Sunglasses', 'Hat', 'Dress'],
    patterns: ['Floral', 'Print', 'Stripe', 'Animal'] },
  { name: 'gentleman', index: 'F', section: 'Men tailoring', departments: ['Men suits', 'Men shirts'], age: 44, price: 1.7,
    moods: ['sharp', 'classic', 'formal', 'timeless'],
    fabrics: ['superfine wool', 'Oxford cotton', 'easy-iron cotton', 'a stretch weave'],
    types: ['Blazer', 'Shirt', 'Trousers', 'Coat', 'Belt', 'Scarf', 'Jumper', 'Boots'],
    patterns: ['Solid', 'Check', 'Stripe'] },
  { name: 'workwear', index: 'F', section: 'Men denim', departments: ['Men denim', 'Men casual shirts'], age: 36, price: 1.2,
    moods: ['rugged', 'worn-in', 'sturdy', 'heritage'],
    fabrics: ['washed denim', 'canvas', 'corduroy', 'flannel'],
    types: ['Jeans', 'Shirt', 'Jacket', 'T-shirt', 'Boots', 'Belt', 'Cap'],
    patterns: ['Denim', 'Check', 'Solid'] },
  { name: 'basic', index: 'F', section: 'Men basics', departments: ['Men jersey', 'Men underwear'], age: 34, price: 0.7,
    moods: ['basic', 'regular', 'no-fuss', 'comfortable'],
    fabrics: ['cotton jersey', 'ribbed cotton', 'sweatshirt fabric', 'piqué'],
    types: ['T-shirt', 'Socks', 'Briefs', 'Sweatshirt', 'Joggers', 'Vest', 'Jumper'],
    patterns: ['Solid', 'Stripe', 'Melange'] },
  { name: 'streetwear', index: 'F', section: 'Men street', departments: ['Men street', 'Men graphics'], age: 23, price: 1,
    moods: ['oversized', 'urban', 'graphic', 'loose'],
    fabrics: ['heavyweight cotton', 'nylon', 'fleece', 'mesh'],
    types: ['Hoodie', 'T-shirt', 'Joggers', 'Sneakers', 'Cap', 'Jacket', 'Shorts'],
    patterns: ['Print', 'Solid', 'Camouflage'] },
  { name: 'resort', index: 'F', section: 'Men leisure', departments: ['Men resort', 'Men linen'], age: 40, price: 1.1,
    moods: ['laid-back', 'breezy', 'resort', 'washed'],
    fabrics: ['linen', 'seersucker', 'cotton poplin', 'knitted cotton'],
    types: ['Shirt', 'Shorts', 'Trousers', 'T-shirt', 'Sandals', 'Sunglasses', 'Hat'],
    patterns: ['Print', 'Stripe', 'Floral', 'Solid'] },
  { name: 'trend', index: 'D', section: 'Young trend', departments: ['Young dresses', 'Young tops'], age: 19, price: 0.7,
    moods: ['cropped', 'playful', 'flirty', 'nineties-inspired'],
    fabrics: ['ribbed jersey', 'mesh', 'satin', 'stretch jersey'],
    types: ['T-shirt', 'Dress', 'Skirt', 'Bodysuit', 'Jeans', 'Earrings', 'Bag'],
    patterns: ['Dot', 'Floral', 'Animal', 'Solid'] },
  { name: 'skater', index: 'D', section: 'Young street', departments: ['Young sweats', 'Young denim'], age: 18, price: 0.75,
    moods: ['baggy', 'slouchy', 'retro', 'washed-out'],
    fabrics: ['sweatshirt fabric', 'rigid denim', 'canvas', 'fleece'],
    types: ['Hoodie', 'Jeans', 'Sweatshirt', 'Sneakers', 'Cap', 'T-shirt', 'Joggers'],
    patterns: ['Print', 'Denim', 'Check'] },
  { name: 'festival', index: 'D', section: 'Young festival', departments: ['Young festival', 'Young accessories'], age: 21, price: 0.7,
    moods: ['festival', 'colourful', 'crafty', 'tie-dyed'],
    fabrics: ['crochet', 'mesh', 'fringed suedette', 'crinkled cotton'],
    types: ['Shorts', 'Vest', 'Sunglasses', 'Hat', 'Jumpsuit', 'Bag', 'Boots', 'Earrings'],
    patterns: ['Print', 'Animal', 'Glitter'] },
  { name: 'rock', index: 'D', section: 'Young rebel', departments: ['Young rock', 'Young outdoor'], age: 22, price: 0.85,
    moods: ['edgy', 'studded', 'distressed', 'moody'],
    fabrics: ['imitation leather', 'coated denim', 'mesh', 'washed jersey'],
    types: ['Jacket', 'Jeans', 'T-shirt', 'Boots', 'Skirt', 'Belt', 'Tights'],
    patterns: ['Solid', 'Animal', 'Print'] },
  { name: 'baby', index: 'G', section: 'Baby', departments: ['Newborn', 'Baby sets'], age: 32, price: 0.5,
    moods: ['gentle', 'tiny', 'cuddly', 'snuggly'],
    fabrics: ['organic cotton jersey', 'soft velour', 'double-weave cotton', 'fine ribbing'],
    types: ['Bodysuit', 'Pyjamas', 'Leggings', 'Socks', 'Cardigan', 'Hat', 'Dress'],
    patterns: ['Dot', 'Stripe', 'Print', 'Animal'] },
  { name: 'fairy-tale', index: 'H', section: 'Girls', departments: ['Girls jersey', 'Girls dresses'], age: 35, price: 0.5,
    moods: ['sparkly', 'twirly', 'magical', 'sweet'],
    fabrics: ['tulle', 'glittery jersey', 'cotton jersey', 'soft fleece'],
    types: ['Dress', 'Leggings', 'T-shirt', 'Skirt', 'Tights', 'Earrings', 'Pyjamas', 'Sneakers'],
    patterns: ['Glitter', 'Floral', 'Dot', 'Print'] },
  { name: 'adventure', index: 'H', section: 'Boys', departments: ['Boys jersey', 'Boys outdoor'], age: 36, price: 0.5,
    moods: ['adventurous', 'hard-wearing', 'fun', 'dinosaur-mad'],
    fabrics: ['cotton jersey', 'canvas', 'fleece', 'sweatshirt fabric'],
    types: ['T-shirt', 'Joggers', 'Hoodie', 'Shorts', 'Jacket', 'Socks', 'Cap', 'Sneakers'],
    patterns: ['Print', 'Stripe', 'Camouflage'] },
  { name: 'school', index: 'H', section: 'School', departments: ['School', 'Teens'], age: 40, price: 0.55,
    moods: ['school', 'neat', 'practical', 'pleated'],
    fabrics: ['piqué', 'easy-care twill', 'a cotton blend', 'fine knit'],
    types: ['Shirt', 'Skirt', 'Trousers', 'Cardigan', 'Tights', 'Socks', 'Jumper', 'Bag'],
    patterns: ['Check', 'Solid', 'Stripe'] },
  { name: 'running', index: 'S', section: 'Running', departments: ['Run', 'Performance'], age: 30, price: 1,
    moods: ['lightweight', 'fast', 'reflective', 'breathable'],
    fabrics: ['fast-drying fabric', 'perforated mesh', 'windproof fabric', 'seamless knit'],
    types: ['Leggings', 'Vest', 'Shorts', 'Jacket', 'Socks', 'Sneakers', 'Cap', 'T-shirt'],
    patterns: ['Solid', 'Print', 'Melange'] },
  { name: 'yoga', index: 'S', section: 'Yoga', departments: ['Yoga', 'Dance'], age: 32, price: 0.95,
    moods: ['flowing', 'balanced', 'second-skin', 'calming'],
    fabrics: ['seamless ribbed fabric', 'soft sports jersey', 'bamboo viscose', 'lyocell'],
    types: ['Leggings', 'Bra', 'Vest', 'Jumpsuit', 'Bodysuit', 'Hoodie', 'Robe'],
    patterns: ['Solid', 'Melange'] },
  { name: 'outdoor', index: 'S', section: 'Outdoor', departments: ['Hiking', 'Ski'], age: 39, price: 1.4,
    moods: ['weatherproof', 'insulated', 'technical', 'trail-ready'],
    fabrics: ['a three-layer shell', 'fleece', 'merino wool', 'ripstop nylon'],
    types: ['Jacket', 'Trousers', 'Boots', 'Hat', 'Socks', 'Jumper', 'Shorts', 'Hoodie'],
    patterns: ['Solid', 'Camouflage', 'Check'] },
];

/** Given names: a product is called by one of them, as shops do. */
export const PRODUCT_NAMES: readonly string[] = (
  'Ada Alba Amara Astrid Aurora Bea Bianca Birk Bo Calla Carla Cleo Dahlia Daria Delphi Ebba Edda ' +
  'Elin Elio Enzo Esme Fable Faro Felix Fern Filo Flora Freja Gaia Greta Halo Hedda Hugo Ida Ines ' +
  'Iris Ivo Jade Jonas Juno Kaia Kit Lark Leo Lina Linus Luna Maja Malin Marlo Mika Milo Mira Nell ' +
  'Nico Noor Nova Odin Olive Orla Otto Pax Pia Piper Quinn Rafa Rhea Rio Romy Rune Saga Sage Selma ' +
  'Sky Sol Stella Tara Theo Tilda Tova Uma Vega Vera Vito Willow Wren Yara Ylva Zadie Zora'
).split(' ');
