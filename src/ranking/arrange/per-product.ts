// The rule that keeps a few articles of each product, so that a slate is not one article in twenty
// colours.

/**
 * Keeps the first `most` articles of each product, in their order. Articles without a known product
 * all stay.
 */
export function fewOfEachProduct<Item extends { readonly article: number }>(
  items: readonly Item[],
  productOf: (article: number) => number | null,
  most: number,
): Item[] {
  const counts = new Map<number, number>();
  return items.filter(({ article }) => {
    const product = productOf(article);
    if (product === null) return true;
    const count = (counts.get(product) ?? 0) + 1;
    counts.set(product, count);
    return count <= most;
  });
}
