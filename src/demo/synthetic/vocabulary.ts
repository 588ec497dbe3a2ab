// The tables that the synthetic shop is made of: styles, product types, colours and patterns.

/** A taste. Its words occur in the names and descriptions of its articles. */
export interface Style {
  readonly name: string;
  readonly index: keyof typeof INDEXES;
  readonly section: string;
  readonly departments: readonly string[];
  /** The age in years at which the style is liked most. */
  readonly age: number;
  readonly moods: readonly string[];
  readonly fabrics: readonly string[];
  readonly types: readonly ProductTypeName[];
  readonly patterns: readonly PatternName[];
  /** The price level, relative to the whole shop. */
  readonly price: number;
}

export interface ProductType {
  readonly group: string;
  readonly garment: string;
  /** The median price in the shop's currency. */
  readonly price: number;
  /** The week of the year (0–51) in which it sells most. */
  readonly peak: number;
  /** How much sales vary with the season; 0 if they stay the same all year. */
  readonly swing: number;
  /** How readily a customer buys the same article again, 0 to 1. */
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

/** The shop's catalogues (H&M's indexes) by their code, and their groups. */
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

// prettier-ignore
export const PRODUCT_TYPES = {
  'T-shirt': { group: UPPER, garment: 'Jersey', price: 13, peak: 25, swing: 0.3, repeat: 0.9,
    details: ['a round neckline', 'short sleeves', 'a V-neck', 'dropped shoulders', 'a chest pocket'] },
  Vest: { group: UPPER, garment: 'Jersey', price: 9, peak: 27, swing: 0.7, repeat: 0.9,
    details: ['narrow shoulder straps', 'a deep neckline', 'wide armholes', 'a racer back'] },
  Blouse: { group: UPPER, garment: 'Blouses', price: 25, peak: 18, swing: 0.2, repeat: 0.4,
    details: ['balloon sleeves', 'a bow at the neck', 'covered buttons', 'frilled cuffs', 'a small stand-up collar'] },
  Shirt: { group: UPPER, garment: 'Shirts', price: 27, peak: 15, swing: 0.1, repeat: 0.5,
    details: ['a turn-down collar', 'a button-down collar', 'a yoke at the back', 'long sleeves with buttoned cuffs'] },
  Jumper: { group: UPPER, garment: 'Knitwear', price: 32, peak: 47, swing: 0.9, repeat: 0.4,
    details: ['ribbing at the cuffs and hem', 'a polo neck', 'raglan sleeves', 'a boat neck', 'a chunky knit'] },
  Cardigan: { group: UPPER, garment: 'Knitwear', price: 34, peak: 43, swing: 0.7, repeat: 0.3,
    details: ['buttons down the front', 'patch pockets', 'a shawl collar', 'an open front'] },
  Hoodie: { group: UPPER, garment: 'Sweats', price: 30, peak: 44, swing: 0.6, repeat: 0.5,
    details: ['a lined drawstring hood', 'a kangaroo pocket', 'a soft brushed inside', 'a zip down the front'] },
  Sweatshirt: { group: UPPER, garment: 'Sweats', price: 26, peak: 43, swing: 0.5, repeat: 0.5,
    details: ['a printed motif', 'ribbing at the neckline', 'a soft brushed inside', 'an embroidered logo'] },
  Blazer: { group: UPPER, garment: 'Tailoring', price: 60, peak: 36, swing: 0.4, repeat: 0.1,
    details: ['notch lapels', 'a single button', 'flap front pockets', 'padded shoulders', 'a double-breasted front'] },
  Coat: { group: UPPER, garment: 'Outdoor', price: 90, peak: 44, swing: 1.7, repeat: 0.05,
    details: ['wide lapels', 'a tie belt', 'a detachable hood', 'a quilted lining', 'side pockets with a flap'] },
  Jacket: { group: UPPER, garment: 'Outdoor', price: 60, peak: 40, swing: 1.1, repeat: 0.1,
    details: ['a zip with a wind flap', 'a stand-up collar', 'welt side pockets', 'elasticated cuffs'] },
  Trousers: { group: LOWER, garment: 'Trousers', price: 36, peak: 40, swing: 0.2, repeat: 0.4,
    details: ['wide legs', 'a high waist', 'tapered legs', 'pleats at the top', 'an elasticated waist', 'side pockets'] },
  Jeans: { group: LOWER, garment: 'Denim', price: 42, peak: 38, swing: 0.2, repeat: 0.4,
    details: ['skinny legs', 'a high waist', 'straight legs', 'a worn look', 'five pockets', 'a button fly'] },
  Leggings: { group: LOWER, garment: 'Jersey', price: 15, peak: 44, swing: 0.4, repeat: 0.8,
    details: ['an elasticated waist', 'a wide waistband', 'flat seams', 'ankle-length legs'] },
  Joggers: { group: LOWER, garment: 'Sweats', price: 24, peak: 45, swing: 0.3, repeat: 0.6,
    details: ['a drawstring waist', 'ribbed hems', 'a back pocket', 'tapered legs'] },
  Shorts: { group: LOWER, garment: 'Shorts', price: 20, peak: 26, swing: 1.8, repeat: 0.4,
    details: ['turn-ups at the hems', 'a drawstring waist', 'side pockets', 'a high waist'] },
  Skirt: { group: LOWER, garment: 'Skirts', price: 26, peak: 22, swing: 0.6, repeat: 0.2,
    details: ['soft pleats', 'a slit at the front', 'a concealed zip', 'an asymmetric hem', 'a wrapover front'] },
  Dress: { group: WHOLE, garment: 'Dresses', price: 40, peak: 24, swing: 0.9, repeat: 0.15,
    details: ['a tie belt', 'a flounced hem', 'a wrapover front', 'puff sleeves', 'a seam at the waist', 'spaghetti straps'] },
  Jumpsuit: { group: WHOLE, garment: 'Dresses', price: 42, peak: 25, swing: 0.9, repeat: 0.1,
    details: ['wide legs', 'a tie at the waist', 'a zip at the back', 'adjustable straps'] },
  Bodysuit: { group: WHOLE, garment: 'Jersey', price: 14, peak: 20, swing: 0.1, repeat: 0.9,
    details: ['press-studs at the crotch', 'long sleeves', 'an envelope neckline', 'a snug fit'] },
  Swimsuit: { group: WHOLE, garment: 'Swimwear', price: 30, peak: 25, swing: 2.2, repeat: 0.15,
    details: ['removable inserts', 'a low-cut back', 'ties at the sides', 'fully lined'] },
  'Bikini top': { group: UPPER, garment: 'Swimwear', price: 16, peak: 25, swing: 2.2, repeat: 0.25,
    details: ['padded cups', 'narrow ties at the neck', 'underwire', 'a frilled edge'] },
  Bra: { group: INNER, garment: 'Underwear', price: 22, peak: 20, swing: 0, repeat: 0.9,
    details: ['lace wings', 'moulded padded cups', 'adjustable straps', 'a hook-and-eye fastening'] },
  Briefs: { group: INNER, garment: 'Underwear', price: 10, peak: 20, swing: 0, repeat: 1,
    details: ['a cotton gusset', 'a lace trim', 'a low waist', 'laser-cut edges'] },
  Socks: { group: INNER, garment: 'Socks and tights', price: 7, peak: 48, swing: 0.4, repeat: 1,
    details: ['elasticated shafts', 'reinforced heels', 'a fine knit', 'a terry sole'] },
  Tights: { group: INNER, garment: 'Socks and tights', price: 9, peak: 46, swing: 1.2, repeat: 1,
    details: ['a wide waistband', 'invisible reinforcement at the toes', 'a matt finish'] },
  Pyjamas: { group: INNER, garment: 'Nightwear', price: 26, peak: 48, swing: 0.7, repeat: 0.4,
    details: ['a printed top and plain bottoms', 'a drawstring waist', 'a notch collar', 'ribbed cuffs'] },
  Robe: { group: INNER, garment: 'Nightwear', price: 35, peak: 49, swing: 0.9, repeat: 0.1,
    details: ['a tie belt', 'patch pockets', 'a soft pile', 'a shawl collar'] },
  Scarf: { group: EXTRA, garment: 'Accessories', price: 18, peak: 47, swing: 1.6, repeat: 0.2,
    details: ['fringes on the short sides', 'a soft weave', 'a generous width'] },
  Hat: { group: EXTRA, garment: 'Accessories', price: 14, peak: 47, swing: 1, repeat: 0.2,
    details: ['a turned-up hem', 'a wide brim', 'an embroidered badge', 'a pompom'] },
  Bag: { group: EXTRA, garment: 'Accessories', price: 28, peak: 20, swing: 0.1, repeat: 0.1,
    details: ['a detachable shoulder strap', 'an inner compartment', 'a zip at the top', 'a magnetic fastener'] },
  Belt: { group: EXTRA, garment: 'Accessories', price: 14, peak: 20, swing: 0, repeat: 0.2,
    details: ['a metal buckle', 'a braided pattern', 'a narrow width'] },
  Earrings: { group: EXTRA, garment: 'Accessories', price: 8, peak: 50, swing: 0.4, repeat: 0.3,
    details: ['shiny beads', 'small hoops', 'a pendant in the shape of a leaf', 'a set of three pairs'] },
  Cap: { group: EXTRA, garment: 'Accessories', price: 12, peak: 26, swing: 0.6, repeat: 0.2,
    details: ['a curved peak', 'an adjustable tab at the back', 'an embroidered motif'] },
  Sunglasses: { group: EXTRA, garment: 'Accessories', price: 11, peak: 25, swing: 1.5, repeat: 0.2,
    details: ['tinted lenses', 'a plastic frame', 'thin metal sidepieces'] },
  Boots: { group: 'Shoes', garment: 'Shoes', price: 55, peak: 42, swing: 1.3, repeat: 0.05,
    details: ['a zip at the side', 'chunky soles', 'elastic side panels', 'lacing at the front'] },
  Sneakers: { group: 'Shoes', garment: 'Shoes', price: 40, peak: 16, swing: 0.2, repeat: 0.15,
    details: ['a padded edge', 'a loop at the back', 'patterned soles', 'hook-and-loop tabs'] },
  Sandals: { group: 'Shoes', garment: 'Shoes', price: 28, peak: 25, swing: 1.9, repeat: 0.1,
    details: ['adjustable straps', 'a shaped footbed', 'a block heel', 'braided straps'] },
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

/** Given names. Every product has one, as in many shops. */
export const PRODUCT_NAMES: readonly string[] = (
  'Ada Alba Amara Astrid Aurora Bea Bianca Birk Bo Calla Carla Cleo Dahlia Daria Delphi Ebba Edda ' +
  'Elin Elio Enzo Esme Fable Faro Felix Fern Filo Flora Freja Gaia Greta Halo Hedda Hugo Ida Ines ' +
  'Iris Ivo Jade Jonas Juno Kaia Kit Lark Leo Lina Linus Luna Maja Malin Marlo Mika Milo Mira Nell ' +
  'Nico Noor Nova Odin Olive Orla Otto Pax Pia Piper Quinn Rafa Rhea Rio Romy Rune Saga Sage Selma ' +
  'Sky Sol Stella Tara Theo Tilda Tova Uma Vega Vera Vito Willow Wren Yara Ylva Zadie Zora'
).split(' ');
