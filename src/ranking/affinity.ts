// Affinity: how well an article's attributes fit a customer. Affinity is counted, not learnt, so
// that it works for a shop of any size and for articles that were never sold. For each attribute,
// three comparisons are made of how often the article's value is bought. The first compares the
// customer, or customers of similar age, with all customers. The second looks at purchases together
// with the customer's values. The third compares the current month with all time.
import { sumsOfValues } from '../statistics/attribute-shares';
import type { Catalogue } from '../features/catalogue';
import type { Moment } from '../statistics/moment';
import type { HistoryPurchase } from '../features/customers';
import { affinityWidth, attributesOf } from '../features/pair-features';
import { squaresOf, type ValueLifts } from '../statistics/habits';
import { DAY } from '../time';

/**
 * Number of purchases, distributed like those of the peers, that are added to each customer's own.
 */
const BORROWED = 4;
/** Number of purchases that tell nothing about other values, added to each customer's own. */
const BORROWED_TOGETHER = 2;
/** In the kind "lately", a purchase that is this many days old counts 37 %. */
const FADING_DAYS = 60;
/**
 * In a shop without purchase times, each purchase counts this fraction of the next newer purchase.
 */
const FADING_EACH = 0.8;
/** Scales the logarithm of a lift to the order of 1. */
const SCALE = 1 / 3;
/**
 * Number of purchases that are added to each value's purchases of the month, at the value's share
 * of all time. So a single purchase changes little for a value that is seldom sold.
 */
const BORROWED_BY_VALUE = 20;

/**
 * Writes how well an article's attributes fit into `out`, `width` numbers from index `at` on, and
 * returns the mean of each kind. The kinds follow one another, each with a number for every
 * attribute: all purchases, the latest purchases, the values that go together with the purchases,
 * and the season. If the customer has no purchases, the first two kinds are those of the peers, or
 * 0 if there are no peers.
 */
export type Fit = (
  article: number,
  out: Float32Array,
  at: number,
) => readonly [ever: number, lately: number, together: number, season: number];

export class Affinity {
  /** Number of values for one article: four for each attribute. */
  readonly width: number;
  private readonly attributes: number;
  /**
   * [slots] the amount that a customer's purchases add to the logarithm of each value's lift, 0
   * outside `touched`.
   */
  private readonly ever: Float32Array;
  private readonly lately: Float32Array;
  private touched: number[] = [];
  /** [groups, slots] the logarithm of each value's lift among a group of peers. */
  private readonly peers: Float32Array;
  /**
   * [slots] the logarithm of each value's lift from the values that are bought together with it, 0
   * for values that are not told apart.
   */
  private readonly together: Float32Array;
  /** [slots] the attribute of each value that is told apart, −1 for all other values. */
  private readonly attributeOf: Int32Array;
  /** The results of `seasonOf` by the sales of a moment. */
  private readonly seasons = new WeakMap<Moment['sales'], Float32Array>();
  /** [attributes] the index at which the square of each attribute begins among the lifts. */
  private readonly squares: readonly number[];

  /** @param shares [1 + groups, slots] the `attributeShares` of Habits */
  constructor(
    private readonly catalogue: Catalogue,
    private readonly shares: Float32Array,
    private readonly lifts: ValueLifts,
  ) {
    this.attributes = attributesOf(catalogue.layout);
    this.width = affinityWidth(catalogue.layout);
    this.ever = new Float32Array(catalogue.layout.slots);
    this.lately = new Float32Array(catalogue.layout.slots);
    const { slots } = catalogue.layout;
    this.peers = shares.subarray(slots).map((share, i) => SCALE * Math.log(share / shares[i % slots]));
    const { blocks } = lifts;
    this.squares = squaresOf(blocks);
    this.together = new Float32Array(slots);
    this.attributeOf = new Int32Array(slots).fill(-1);
    for (let a = 0; a < blocks.length / 2; a++) {
      this.attributeOf.fill(a, blocks[2 * a], blocks[2 * a] + blocks[2 * a + 1]);
    }
  }

  /**
   * Reads a customer's history, newest first, at a moment. The result holds until the next call.
   * @param group the group of peers, or a number outside all groups if the shop knows no peers
   */
  of(history: readonly HistoryPurchase[], group: number, moment: Pick<Moment, 'now' | 'sales' | 'timeless'>): Fit {
    const { slots } = this.catalogue.layout;
    const { ever, lately, peers, shares } = this;
    const hasPeers = group * slots < peers.length;
    const mix = hasPeers ? shares.subarray((group + 1) * slots, (group + 2) * slots) : shares;
    const ofPeers = hasPeers ? peers.subarray(group * slots, (group + 1) * slots) : undefined;
    const { all, recent } = this.countValues(history, moment);
    this.findTogether(all);
    // The lift is (bought + BORROWED · mix) / ((all + BORROWED) · share). So its logarithm is a sum
    // of three terms: one for the length of the history, one for the peers, and one for the
    // purchases.
    const base = SCALE * Math.log(BORROWED / (all + BORROWED));
    const recentBase = SCALE * Math.log(BORROWED / (recent + BORROWED));
    for (const slot of this.touched) {
      ever[slot] = SCALE * Math.log1p(ever[slot] / (BORROWED * mix[slot]));
      lately[slot] = SCALE * Math.log1p(lately[slot] / (BORROWED * mix[slot]));
    }
    return this.fitOf(base, recentBase, ofPeers, this.seasonOf(moment));
  }

  /**
   * Counts into `ever` how often each value was bought, and into `lately` the same with older
   * purchases counting less. Returns the number of purchases, and the sum of their weights.
   */
  private countValues(
    history: readonly HistoryPurchase[],
    { now, timeless }: Pick<Moment, 'now' | 'timeless'>,
  ): { all: number; recent: number } {
    const { catalogue, ever, lately } = this;
    for (const slot of this.touched) ever[slot] = lately[slot] = 0;
    this.touched = [];
    let all = 0;
    let recent = 0;
    let weight = 1;
    const { singles } = catalogue;
    const single = catalogue.layout.single.length;
    const add = (slot: number, part: number): void => {
      if (ever[slot] === 0) this.touched.push(slot);
      ever[slot] += part;
      lately[slot] += part * weight;
    };
    for (const { article, at } of history) {
      if (!timeless) weight = Math.exp(-Math.max(0, now - at) / (FADING_DAYS * DAY));
      all += 1;
      recent += weight;
      for (let place = article * single; place < (article + 1) * single; place++) add(singles[place], 1);
      catalogue.forEachOfMany(article, (_attribute, slot, part) => {
        add(slot, part);
      });
      if (timeless) weight *= FADING_EACH;
    }
    return { all, recent };
  }

  private fitOf(base: number, recentBase: number, ofPeers: Float32Array | undefined, season: Float32Array): Fit {
    const { catalogue, attributes, ever, lately, together } = this;
    const { singles } = catalogue;
    const single = catalogue.layout.single.length;
    const [base32, recent32] = [Math.fround(base), Math.fround(recentBase)];
    return (article, out, at) => {
      let sum = 0;
      let recentSum = 0;
      let togetherSum = 0;
      let seasonSum = 0;
      // Nearly all attributes have one value. The slots of these attributes are adjacent.
      for (let f = 0; f < single; f++) {
        const slot = singles[article * single + f];
        const before = ofPeers ? ofPeers[slot] : 0;
        const beside = together[slot];
        out[at + f] = base32 + (before + ever[slot]);
        out[at + attributes + f] = recent32 + (before + lately[slot]);
        out[at + 2 * attributes + f] = beside;
        out[at + 3 * attributes + f] = season[slot];
        sum += before + ever[slot];
        recentSum += before + lately[slot];
        togetherSum += beside;
        seasonSum += season[slot];
      }
      out.fill(base, at + single, at + attributes);
      out.fill(recentBase, at + attributes + single, at + 2 * attributes);
      out.fill(0, at + 2 * attributes + single, at + 3 * attributes);
      out.fill(0, at + 3 * attributes + single, at + 4 * attributes);
      catalogue.forEachOfMany(article, (attribute, slot, part) => {
        const before = ofPeers?.[slot] ?? 0;
        const beside = part * together[slot];
        out[at + attribute] += part * (before + ever[slot]);
        out[at + attributes + attribute] += part * (before + lately[slot]);
        out[at + 2 * attributes + attribute] += beside;
        out[at + 3 * attributes + attribute] += part * season[slot];
        sum += part * (before + ever[slot]);
        recentSum += part * (before + lately[slot]);
        togetherSum += beside;
        seasonSum += part * season[slot];
      });
      if (attributes === 0) return [0, 0, 0, 0];
      return [
        base + sum / attributes,
        recentBase + recentSum / attributes,
        togetherSum / attributes,
        seasonSum / attributes,
      ];
    };
  }

  /**
   * Finds the values that are bought together with a customer's values. `ever` must hold how often
   * each value was bought in `all` purchases.
   */
  private findTogether(all: number): void {
    const { together, attributeOf, squares, touched, ever } = this;
    const { blocks, excess } = this.lifts;
    for (let a = 0; a < blocks.length; a += 2) together.fill(0, blocks[a], blocks[a] + blocks[a + 1]);
    for (const slot of touched) {
      const a = attributeOf[slot];
      if (a < 0) continue;
      const [first, size] = [blocks[2 * a], blocks[2 * a + 1]];
      const row = squares[a] + (slot - first) * size;
      for (let v = 0; v < size; v++) together[first + v] += ever[slot] * excess[row + v];
    }
    const known = 1 / (all + BORROWED_TOGETHER);
    for (let a = 0; a < blocks.length; a += 2) {
      for (let slot = blocks[a]; slot < blocks[a] + blocks[a + 1]; slot++) {
        together[slot] = SCALE * Math.log1p(together[slot] * known);
      }
    }
  }

  /**
   * [slots] the logarithm of how much more often each value is bought in the month of a moment than
   * in all time, about 0 for values that are seldom sold. The month counts customers, and all time
   * counts pieces. So values of articles that are bought by the dozen come out slightly too low.
   * The result is cached as long as the moment exists.
   */
  private seasonOf({ sales }: Pick<Moment, 'sales'>): Float32Array {
    let season = this.seasons.get(sales);
    if (!season) {
      const { sums, total } = sumsOfValues(this.catalogue, sales.month);
      season = Float32Array.from(sums, (sum, slot) => {
        const expected = total * this.shares[slot];
        return SCALE * Math.log((sum + BORROWED_BY_VALUE) / (expected + BORROWED_BY_VALUE));
      });
      this.seasons.set(sales, season);
    }
    return season;
  }
}
