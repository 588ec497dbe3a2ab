// How well an article's attributes fit what a customer bought: of each attribute, how much more of the article's value the customer
// bought than everybody does. Counted, not learnt, so that it holds for a shop of any size and for articles that never sold.
// Knows no model.
import type { Catalogue } from './catalogue';
import type { PastPurchase } from './pairs';

/** Purchases of everybody's mix that each customer is given besides their own. */
const BORROWED = 4;
/** How much less a purchase counts lately than the next newer one. */
const DECAY = 0.8;
/** Brings a logarithm of a lift to the order of 1. */
const SCALE = 1 / 3;

/** Of each value of an attribute the share of all units sold that had it, a little above 0: [slots of the article layout]. */
export function attributeShares(catalogue: Catalogue, units: ArrayLike<number>): Float32Array {
  const sums = new Float64Array(catalogue.layout.slots);
  let total = 0;
  for (let article = 0; article < catalogue.size; article++) {
    if (units[article] === 0) continue;
    total += units[article];
    catalogue.forEachValue(article, (_attribute, slot, weight) => {
      sums[slot] += weight * units[article];
    });
  }
  return Float32Array.from(sums, (sum) => (sum + 1) / (total + 1));
}

/**
 * Writes how well an article's attributes fit: `width` values into `out` from `at` on, for every attribute first what all purchases say, then what
 * the latest say; gives the mean of each. All are 0 for a customer without purchases.
 */
export type Fit = (article: number, out: Float32Array, at: number) => readonly [ever: number, lately: number];

export class Affinity {
  /** Values of one article: two an attribute. */
  readonly width: number;
  private readonly attributes: number;
  /** [slots] what a value's logarithm of the lift has above that of a value never bought; 0 but for those in `touched`. */
  private readonly ever: Float32Array;
  private readonly lately: Float32Array;
  private touched: number[] = [];

  /** @param shares [slots] see `attributeShares` */
  constructor(
    private readonly catalogue: Catalogue,
    private readonly shares: Float32Array,
  ) {
    this.attributes = attributesOf(catalogue.layout);
    this.width = affinityWidth(catalogue.layout);
    this.ever = new Float32Array(catalogue.layout.slots);
    this.lately = new Float32Array(catalogue.layout.slots);
  }

  /** Reads a customer's past, newest first. The result holds until the next call. */
  of(past: readonly PastPurchase[]): Fit {
    const { catalogue, attributes, shares, ever, lately } = this;
    for (const slot of this.touched) ever[slot] = lately[slot] = 0;
    this.touched = [];
    let all = 0;
    let recent = 0;
    let weight = 1;
    for (const { article } of past) {
      all += 1;
      recent += weight;
      catalogue.forEachValue(article, (_attribute, slot, part) => {
        if (ever[slot] === 0) this.touched.push(slot);
        ever[slot] += part;
        lately[slot] += part * weight;
      });
      weight *= DECAY;
    }
    // The lift is (bought + BORROWED · share) / ((all + BORROWED) · share): for what was never bought the same whatever its share.
    const base = SCALE * Math.log(BORROWED / (all + BORROWED));
    const recentBase = SCALE * Math.log(BORROWED / (recent + BORROWED));
    for (const slot of this.touched) {
      ever[slot] = SCALE * Math.log1p(ever[slot] / (BORROWED * shares[slot]));
      lately[slot] = SCALE * Math.log1p(lately[slot] / (BORROWED * shares[slot]));
    }
    return (article, out, at) => {
      out.fill(base, at, at + attributes);
      out.fill(recentBase, at + attributes, at + 2 * attributes);
      let sum = 0;
      let recentSum = 0;
      catalogue.forEachValue(article, (attribute, slot, part) => {
        out[at + attribute] += part * ever[slot];
        out[at + attributes + attribute] += part * lately[slot];
        sum += part * ever[slot];
        recentSum += part * lately[slot];
      });
      return attributes === 0 ? [0, 0] : [base + sum / attributes, recentBase + recentSum / attributes];
    };
  }
}

type AttributeLayout = Pick<Catalogue['layout'], 'single' | 'multi'>;

function attributesOf({ single, multi }: AttributeLayout): number {
  return single.length + multi.length;
}

export function affinityWidth(layout: AttributeLayout): number {
  return 2 * attributesOf(layout);
}
