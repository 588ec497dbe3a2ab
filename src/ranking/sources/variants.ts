// The source of other variants of a customer's latest purchases: for example, the same product in
// another colour. The source finds nothing if the shop names no products.
import { ownPurchases } from './own-purchases';
import type { Source } from './source';

/** Number of latest distinct articles whose variants are searched. */
const READ = 12;
/** Maximum number of variants of one product that are compared. */
const MOST_VARIANTS = 200;

export const VARIANTS = {
  name: 'VARIANTS',
  description: 'It is another variant of what the customer bought lately, in another colour, say.',
  limit: 48,
  find: async ({ histories, moment, variantsOf }, most) =>
    histories.map((history) => {
      const found = new Set<number>();
      for (const bought of ownPurchases(history).slice(0, READ)) {
        const { week, month } = moment.sales;
        const others = variantsOf(bought)
          .slice(0, MOST_VARIANTS)
          .filter((article) => article !== bought);
        // Sorted by sales, since only a few of many colours are still in the shop.
        others.sort((a, b) => buyers(week, b) - buyers(week, a) || buyers(month, b) - buyers(month, a) || a - b);
        for (const article of others) found.add(article);
      }
      return [...found].slice(0, most);
    }),
  reason(article, history, { productOf }) {
    const product = productOf(article);
    return history.find((purchase) => productOf(purchase.article) === product)?.article;
  },
} as const satisfies Source;

/** The number of buyers, 0 for articles that are newer than the counts. */
function buyers(sold: Float32Array, article: number): number {
  return sold[article] ?? 0;
}
