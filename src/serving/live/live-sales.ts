// The sales of a running server: the articles that sell and their buyers, counted in the store at
// one moment.
import { setImmediate } from 'node:timers/promises';
import type { ArticleSales, SalesHistory, Store } from '../../data/store/store';
import type { Encoder } from '../../features/encoder';
import { ageBands } from '../../statistics/age-bands';
import { createMoment, QUARTER_DAYS, SALES_DAYS, type Moment } from '../../statistics/moment';
import { DAY } from '../../time';
import type { LiveArticles } from './live-articles';

/**
 * Time between two counts of the sales by age band, in ms. These sales change slowly and take the
 * longest to count.
 */
const PEERS_REFRESH_MS = 600_000;

export interface LiveSalesParts {
  readonly store: Pick<Store, 'salesHistory' | 'articleSales' | 'salesByAge'>;
  readonly articles: LiveArticles;
  readonly encoder: Encoder;
  /** Returns the current time in Unix milliseconds. */
  readonly clock: () => number;
}

export class LiveSales {
  /** The shop at its clock. */
  moment: Moment;
  /** By key: all sales of an article until the shop was opened. */
  #history = new Map<number, SalesHistory>();
  #peers: Float32Array[] = [];
  #lastPeers = -Infinity;

  constructor(private readonly parts: LiveSalesParts) {
    this.moment = this.#momentAt(0, new Map());
  }

  /** Reads all sales once. */
  async load(): Promise<void> {
    this.#history = await this.parts.store.salesHistory(QUARTER_DAYS);
    await this.refresh();
  }

  async refresh(): Promise<void> {
    const { clock, sales } = await this.parts.store.articleSales([...SALES_DAYS]);
    // Lets the process answer requests between two long pieces of work.
    await setImmediate();
    // An article without a history was first sold after the shop was opened, so all its sales are
    // within the window.
    for (const [key, { first, last, units }] of sales) {
      if (!this.#history.has(key)) this.#history.set(key, { first, last, units, lately: units });
    }
    const now = this.parts.clock();
    if (now - this.#lastPeers > PEERS_REFRESH_MS) {
      this.#peers = await this.#readPeers(clock.at);
      this.#lastPeers = this.parts.clock();
    }
    await setImmediate();
    // A second later, so that a purchase of this second belongs to the history.
    this.moment = this.#momentAt(clock.at.getTime() / 1000 + 1, sales);
  }

  /** @param now Unix seconds */
  #momentAt(now: number, sales: ReadonlyMap<number, ArticleSales>): Moment {
    const { catalogue } = this.parts.articles;
    const { size } = catalogue;
    const [week, month] = SALES_DAYS.map(() => new Float32Array(size));
    const prices = new Float32Array(size).fill(Number.NaN);
    const ages = new Float32Array(size);
    const [quarter, ever, idle] = [new Float32Array(size), new Float32Array(size), new Float32Array(size)];
    // Orders during a replay are dated after the clock.
    const daysSince = (at: Date | undefined): number => Math.max(0, now - (at?.getTime() ?? Number.NaN) / 1000) / DAY;
    catalogue.keys.forEach((key, article) => {
      const known = this.#history.get(key);
      const sold = sales.get(key);
      ages[article] = daysSince(known?.first);
      idle[article] = daysSince(sold?.last ?? known?.last);
      quarter[article] = known?.lately ?? 0;
      ever[article] = known?.units ?? 0;
      if (!sold) return;
      [week[article], month[article]] = sold.buyers;
      prices[article] = sold.price ?? Number.NaN;
    });
    return createMoment({
      now,
      sales: { week, month },
      long: { quarter, ever, idle },
      prices,
      ages,
      peers: this.#peers,
      // An article that is gone says nothing about other articles of its product.
      shown: (article) => this.parts.articles.isShown(article),
      productOf: (article) => (this.parts.articles.isLive(article) ? catalogue.productOf(article) : null),
    });
  }

  /**
   * [bands, articles] number of customers of the month by age band. Empty if the shop knows no
   * ages.
   */
  async #readPeers(clock: Date): Promise<Float32Array[]> {
    const { store, encoder, articles } = this.parts;
    const { catalogue } = articles;
    const { count, bounds } = ageBands(encoder);
    const peers = Array.from({ length: count }, () => new Float32Array(catalogue.size));
    if (count === 0) return peers;
    for (const { band, keys, buyers } of await store.salesByAge(clock, SALES_DAYS[1], bounds)) {
      keys.forEach((key, i) => {
        const article = catalogue.indexOf(key);
        if (article !== undefined) peers[band][article] = buyers[i];
      });
    }
    return peers;
  }
}
