// The features of a customer and a candidate together, in the order in which the ranker reads them.
// Each feature has a name and a start weight here, and ranking/pairs.ts computes it under that
// name.

/** The attributes of the articles' layout. */
interface Attributes {
  readonly single: readonly unknown[];
  readonly multi: readonly unknown[];
}

/**
 * The weight of each feature in a score when training starts. A shop with little data then ranks by
 * taste, own purchases, co-purchases and sales.
 */
export const PAIR_FEATURES = {
  cosine: 3,
  own: 2,
  times_bought: 0.5,
  bought_within_week: 1.5,
  bought_within_month: 1,
  bought_within_half_year: 0.5,
  sales_week: 2,
  sales_month: 1,
  trend: 0.3,
  history_length: 0,
  bought_within_days: 0,
  own_place: 2,
  in_latest_basket: 0,
  customer_lately: 0,
  together: 2,
  cosine_to_latest: 0,
  cosine_to_recent: 0,
  cosine_to_nearest_recent: 0,
  article_age: 0,
  peers: 0.3,
  price_level: 0,
  price_distance: 0,
  repeat_rate: 0,
  found_together: 0,
  found_by_towers: 0,
  found_among_peers: 0,
  found_new: 0,
  found_trending: 0,
  same_product: 1,
  product_within_week: 0.5,
  product_within_month: 0.3,
  variant_rate: 0,
  comes_back: 0,
  sales_quarter: 0,
  sales_ever: 0,
  sold_lately: 0,
  sales_of_product: 0.3,
  own_price: 0,
  own_length: 0,
  own_cosine: 0,
  affinity: 0.5,
  affinity_lately: 0.5,
  affinity_together: 3,
  season: 0,
} as const;
export type PairFeature = keyof typeof PAIR_FEATURES;

/** The index of each feature in the row of a pair. */
export const PAIR_PLACE = Object.fromEntries(
  Object.keys(PAIR_FEATURES).map((name, place) => [name, place]),
) as Readonly<Record<PairFeature, number>>;
/** Number of features that every shop has. The features of the shop's attributes follow them. */
export const PAIR_WIDTH = Object.keys(PAIR_FEATURES).length;

/**
 * The number of features of a pair in a shop whose articles have this layout: those of
 * PAIR_FEATURES, then how well each attribute fits (ranking/affinity.ts).
 */
export function pairWidth(layout: Attributes): number {
  return PAIR_WIDTH + affinityWidth(layout);
}

export function attributesOf({ single, multi }: Attributes): number {
  return single.length + multi.length;
}

/** Four features for each attribute tell how well it fits the customer. */
export function affinityWidth(layout: Attributes): number {
  return 4 * attributesOf(layout);
}
