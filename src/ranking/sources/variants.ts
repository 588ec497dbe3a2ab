// The source of other variants of what a customer bought lately: the same product in another
// colour, say. Empty where the shop names no products.
import { ownPurchases } from './own-purchases';
import type { Source } from './source';

/** The latest distinct articles whose variants are looked for. */
const READ = 12;
/** Of a product with more variants only so many are looked at. */
const MOST_VARIANTS = 200;

export const VARIANTS: Source = {
  name: 'VARIANTS',
  limit: 48,
  find: async ({ pasts, moment, variantsOf }, most) =>
    pasts.map((past) => {
      const found = new Set<number>();
      for (const bought of ownPurchases(past).slice(0, READ)) {
        const { week, month } = moment.sales;
        const others = variantsOf(bought)
          .slice(0, MOST_VARIANTS)
          .filter((article) => article !== bought);
        // What sells first: of many colours few are still there.
        others.sort((a, b) => buyers(week, b) - buyers(week, a) || buyers(month, b) - buyers(month, a) || a - b);
        for (const article of others) found.add(article);
      }
      return [...found].slice(0, most);
    }),
};

/** Articles that are newer than the counts were bought by nobody in them. */
function buyers(sold: Float32Array, article: number): number {
  return sold[article] ?? 0;
}
