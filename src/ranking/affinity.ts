// How well an article's attributes fit a customer: of each attribute, how much more of the
// article's value the customer, or else customers of like age, bought than everybody does, how much
// likelier the values that they bought make it, and how much more the value sells now than ever.
// Counted, not learnt, so that it holds for a shop of any size and for articles that never sold.
// Knows no model.
import { sumsOfValues } from '../statistics/attribute-shares';
import type { Catalogue } from '../features/catalogue';
import type { Moment } from '../statistics/moment';
import type { HistoryPurchase } from '../features/customers';
import { affinityWidth, attributesOf } from '../features/pair-features';
import { squaresOf, type ValueLifts } from '../statistics/value-lifts';
import { DAY } from '../time';

/** Purchases of the peers' mix that each customer is given besides their own. */
const BORROWED = 4;
/** Purchases that say nothing of other values that each customer is given besides their own. */
const BORROWED_TOGETHER = 2;
/**
 * Lately: what a purchase says fades to 37 % in so many days; where there is no time, to this part
 * with each newer one.
 */
const FADING_DAYS = 60;
const FADING_EACH = 0.8;
/** Brings a logarithm of a lift to the order of 1. */
const SCALE = 1 / 3;

/**
 * Purchases as ever that each value is given besides those of now: of what is sold seldom, one more
 * or less says little.
 */
const BORROWED_BY_VALUE = 20;

/**
 * Writes how well an article's attributes fit: `width` values into `out` from `at` on, for every
 * attribute first what all purchases say, then what the latest say, then what all say of the values
 * that go together with theirs, then, whoever the customer is, how much more of the value sells now
 * than ever; gives the mean of each. Of a customer without purchases the first two say what the
 * peers' do, or nothing, which is 0, where there are none.
 */
export type Fit = (
  article: number,
  out: Float32Array,
  at: number,
) => readonly [ever: number, lately: number, together: number, season: number];

export class Affinity {
  /** Values of one article: four an attribute. */
  readonly width: number;
  private readonly attributes: number;
  /**
   * [slots] what a customer's purchases add to the logarithm of a value's lift; 0 but for those in
   * `touched`.
   */
  private readonly ever: Float32Array;
  private readonly lately: Float32Array;
  private touched: number[] = [];
  /** [groups, slots] what the mix of each group of peers says before any purchase. */
  private readonly peers: Float32Array;
  /**
   * [slots] what a customer's purchases say of each value by what goes together with it; 0 of those
   * that are not told apart.
   */
  private readonly together: Float32Array;
  /** [slots] the attribute of each value that is told apart; −1: none. */
  private readonly attributeOf: Int32Array;
  /** What `seasonOf` found, by the sales of a moment. */
  private readonly seasons = new WeakMap<Moment['sales'], Float32Array>();
  /** [attributes] where the square of each begins among the lifts. */
  private readonly squares: readonly number[];

  /** @param shares [1 + groups, slots] see `attributeShares` */
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
   * From how often each value was bought, in `ever`, of `all` purchases, what goes together with
   * them.
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
   * by its share of all that was ever sold; about 0 where little is known. Customers of now, pieces
   * ever: what is bought by the dozen stays a little below. Kept as long as the moment is.
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

  /**
   * Reads a customer's past, newest first, at a moment. `group`: of peers; none where the shop
   * knows none. The result holds until the next call.
   */
  of(past: readonly HistoryPurchase[], group: number, moment: Pick<Moment, 'now' | 'sales' | 'timeless'>): Fit {
    const { catalogue, attributes, ever, lately } = this;
    const season = this.seasonOf(moment);
    const { slots } = catalogue.layout;
    // The mix that is borrowed, and what it says beside everybody's.
    const known = group * slots < this.peers.length;
    const mix = known ? this.shares.subarray((group + 1) * slots, (group + 2) * slots) : this.shares;
    const said = known ? this.peers.subarray(group * slots, (group + 1) * slots) : undefined;
    for (const slot of this.touched) ever[slot] = lately[slot] = 0;
    this.touched = [];
    let all = 0;
    let recent = 0;
    let weight = 1;
    const { now, timeless } = moment;
    const { singles } = catalogue;
    const single = catalogue.layout.single.length;
    const add = (slot: number, part: number): void => {
      if (ever[slot] === 0) this.touched.push(slot);
      ever[slot] += part;
      lately[slot] += part * weight;
    };
    for (const { article, at } of past) {
      if (!timeless) weight = Math.exp(-Math.max(0, now - at) / (FADING_DAYS * DAY));
      all += 1;
      recent += weight;
      for (let place = article * single; place < (article + 1) * single; place++) add(singles[place], 1);
      catalogue.forEachOfMany(article, (_attribute, slot, part) => {
        add(slot, part);
      });
      if (timeless) weight *= FADING_EACH;
    }
    this.findTogether(all);
    // The lift is (bought + BORROWED · mix) / ((all + BORROWED) · share): a product of what the
    // length of the past says, the peers, and the purchases.
    const base = SCALE * Math.log(BORROWED / (all + BORROWED));
    const recentBase = SCALE * Math.log(BORROWED / (recent + BORROWED));
    const [single32, recent32] = [Math.fround(base), Math.fround(recentBase)];
    for (const slot of this.touched) {
      ever[slot] = SCALE * Math.log1p(ever[slot] / (BORROWED * mix[slot]));
      lately[slot] = SCALE * Math.log1p(lately[slot] / (BORROWED * mix[slot]));
    }
    const { together } = this;
    return (article, out, at) => {
      let sum = 0;
      let recentSum = 0;
      let togetherSum = 0;
      let seasonSum = 0;
      // Nearly all attributes have one value: they are read without asking the catalogue for each.
      for (let f = 0; f < single; f++) {
        const slot = singles[article * single + f];
        const before = said ? said[slot] : 0;
        const beside = together[slot];
        out[at + f] = single32 + (before + ever[slot]);
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
        const before = said?.[slot] ?? 0;
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
}
