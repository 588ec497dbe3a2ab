// Articles that may not be shown: hidden, out of the catalogue or out of stock. They are learnt
// from and stand in no list, and lists change within a refresh.
import type { Store } from '../../src/data/store/store';
import { openStore } from '../../src/data/store/open-store';
import { openCurrent, type Opened } from '../../src/serving/opened';
import { createWorld, type World } from '../support/world';
import { SERVING, listOf } from './served';

let world: World;
let store: Store;
let customers: string[];
let asked: string[];
beforeAll(async () => {
  world = await createWorld('shown');
  store = openStore(world.database.url);
  customers = (await store.customersPage(40)).rows.map(({ id }) => id);
  asked = (await store.articlesPage(30)).rows.map(({ id }) => id);
});
afterAll(async () => {
  await store.close();
  await world.close();
});

const open = () => openCurrent({ modelsDir: world.modelsDir, ...SERVING }, store);

/** All lists of a shop window, as ids of articles. */
async function listsOf({ recommender }: Opened) {
  const present = (lists: readonly (readonly { readonly articleId: string }[] | null | Error)[]) =>
    lists.map((list) => listOf(list ?? []).map(({ articleId }) => articleId));
  return {
    recommended: present(await recommender.recommend(customers.map((customerId) => ({ customerId, first: 12 })))),
    trending: present(await recommender.trending([{ first: 60 }])),
    similar: present(await recommender.similar(asked.map((articleId) => ({ articleId, first: 12 })))),
    boughtWith: present(
      await recommender.similar(asked.map((articleId) => ({ articleId, first: 6, coPurchase: 0.9 }))),
    ),
    found: present(await recommender.search(['dress', 'blue shirt', 'socks'].map((text) => ({ text, first: 12 })))),
  };
}

/** Takes a tenth of each list of articles out of the shop, in three ways. */
async function hide(ids: readonly string[]): Promise<void> {
  const ways = ['hidden = true', 'listed = false', "availability = 'out_of_stock'"];
  for (const [w, way] of ways.entries()) {
    const some = ids.filter((_, i) => i % ways.length === w);
    await world.database.sql(`UPDATE articles SET ${way} WHERE article_id = ANY($1)`, [some]);
  }
}

const showAll = () =>
  world.database.sql(
    "UPDATE articles SET hidden = false, listed = true, availability = 'in_stock' WHERE NOT (listed AND NOT hidden AND availability = 'in_stock')",
  );

function chosenFrom(lists: Awaited<ReturnType<typeof listsOf>>): string[] {
  const all = Object.values(lists).flat();
  return [...new Set(all.flatMap((list) => list.slice(0, 2)))].slice(0, 90);
}

test('stand in no list once they are hidden, and in the same places as before when they are shown again', async () => {
  const opened = await open();
  try {
    const before = await listsOf(opened);
    const gone = chosenFrom(before);
    expect(gone.length).toBeGreaterThan(50);
    await hide(gone);
    expect(await opened.shop.refresh()).toBe(gone.length);
    const without = await listsOf(opened);
    for (const list of Object.values(without).flat()) {
      expect(list.filter((id) => gone.includes(id))).toEqual([]);
    }
    // Lists stay full: other articles take the places.
    for (const list of [...without.recommended, ...without.similar, ...without.found]) expect(list).toHaveLength(12);
    const keys = (await store.articlesById(asked)).map((row) => row?.key ?? -1);
    const goneKeys = new Set((await store.articlesById(gone)).map((row) => row?.key));
    for (const facts of await opened.recommender.facts(keys)) {
      if (facts === null || facts instanceof Error) throw new Error('expected facts');
      expect(facts.variants.filter((key) => goneKeys.has(key))).toEqual([]);
    }
    await showAll();
    expect(await opened.shop.refresh()).toBe(gone.length);
    expect(await listsOf(opened)).toEqual(before);
  } finally {
    await opened.close();
  }
});

test('stand in no list of a shop that is opened after they were hidden, until they are shown', async () => {
  const first = await open();
  const before = await listsOf(first);
  await first.close();
  const gone = chosenFrom(before);
  await hide(gone);
  const opened = await open();
  try {
    const without = await listsOf(opened);
    for (const list of Object.values(without).flat()) {
      expect(list.filter((id) => gone.includes(id))).toEqual([]);
    }
    // The best sellers of the moment are chosen among the articles that are shown.
    expect(without.trending[0]).toHaveLength(before.trending[0].length);
    await showAll();
    await opened.shop.refresh();
    const { similar, found, boughtWith } = await listsOf(opened);
    expect({ similar, found, boughtWith }).toEqual({
      similar: before.similar,
      found: before.found,
      boughtWith: before.boughtWith,
    });
  } finally {
    await opened.close();
  }
});

test('are found with a text that changed while they were hidden', async () => {
  const opened = await open();
  const [id] = asked;
  const search = async () => {
    const [list] = await opened.recommender.search([{ text: 'zanzibar quokka', first: 3 }]);
    return listOf(list).map(({ articleId }) => articleId);
  };
  try {
    await world.database.sql(
      `UPDATE articles SET hidden = true, name = 'Zanzibar quokka', description = NULL, category = '{}', colour = NULL,
         attributes = '{}' WHERE article_id = $1`,
      [id],
    );
    await opened.shop.refresh();
    expect(await search()).not.toContain(id);
    await showAll();
    await opened.shop.refresh();
    expect((await search())[0]).toBe(id);
  } finally {
    await opened.close();
  }
});

test('teach as before: the purchases of hidden articles count in what is recommended', async () => {
  const opened = await open();
  try {
    const purchasesOf = async (): Promise<number[]> => {
      const read: number[] = [];
      await opened.recommender.recommend(
        customers.map((customerId) => ({ customerId, first: 1, trace: ({ purchases }) => void read.push(purchases) })),
      );
      return read;
    };
    const before = await purchasesOf();
    await world.database.sql('UPDATE articles SET hidden = true WHERE key % 2 = 0');
    await opened.shop.refresh();
    expect(await purchasesOf()).toEqual(before);
    const catalogue = opened.shop.articles.catalogue;
    expect(opened.shop.moment().sales.month.length).toBe(catalogue.size);
  } finally {
    await showAll();
    await opened.close();
  }
});
