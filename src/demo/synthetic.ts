// Writes the synthetic shop as files in H&M's layout, day by day, from the planted world: who comes
// when, and how much they buy, is decided here; what they buy is drawn from synthetic-world.ts.
// Memory grows with the number of customers (their last purchases) and articles, not of
// transactions.

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { aliasTable, createRandom, type Random } from '../random';
import { SYNTHETIC_FILE } from '../data/import/import';
import { asStorageError, storing } from '../data/files/storage';
import type { Reporter } from '../telemetry/progress';
import { ARTICLE_COLUMNS, articleRow } from './synthetic-catalogue';
import { CUSTOMER_COLUMNS, customerId, customerRow } from './synthetic-customers';
import { HISTORY, plantWorld, weekOf, type ShopOptions, type World } from './synthetic-world';
import { DAY_MS } from '../time';

/**
 * Moves when the same options would make other bytes, so that an oracle is never asked about
 * another world's data.
 */
export const GENERATOR_VERSION = 1;

/**
 * Makes the shop of these options in a folder: articles.csv, customers.csv, transactions_train.csv
 * and synthetic.json. The same options give the same bytes. Exactly `transactions` rows, at least
 * one a visit.
 * @throws VitrineError INPUT_INVALID for impossible options
 */
export async function generateShop(
  dir: string,
  given: Partial<ShopOptions>,
  reporter: Reporter,
  signal?: AbortSignal,
): Promise<ShopOptions> {
  const world = plantWorld(given);
  const { options, catalogue } = world;
  const made = join(dir, SYNTHETIC_FILE);
  // Written last: a folder with this file is whole.
  await storing(dir, async () => {
    await mkdir(dir, { recursive: true });
    await rm(made, { force: true });
  });

  await writeCsv(join(dir, 'articles.csv'), ARTICLE_COLUMNS, async (write) => {
    for (const article of catalogue.articles) await write(articleRow(article));
  });

  const activity = new Float64Array(options.customers);
  const joinDays = new Int16Array(options.customers);
  await writeCsv(join(dir, 'customers.csv'), CUSTOMER_COLUMNS, async (write) => {
    const progress = reporter.progress('Making customers', options.customers, 'customers');
    for (let index = 0; index < options.customers; index++) {
      const customer = world.customer(index);
      activity[index] = customer.activity;
      joinDays[index] = customer.joinDay;
      await write(customerRow(options.seed, index, customer));
      if (index % 1_024 === 0) {
        signal?.throwIfAborted();
        progress.tick(index);
      }
    }
    progress.done();
  });

  await writeCsv(join(dir, 'transactions_train.csv'), TRANSACTION_COLUMNS, async (write) => {
    const progress = reporter.progress('Making transactions', options.transactions, 'rows');
    let rows = 0;
    for (const day of shoppingDays(world, activity, joinDays)) {
      signal?.throwIfAborted();
      for (const row of day) await write(row);
      progress.tick((rows += day.length));
    }
    progress.done();
  });
  const description = `${JSON.stringify({ generator: GENERATOR_VERSION, ...options }, undefined, 2)}\n`;
  await storing(made, () => writeFile(made, description));
  return options;
}

const TRANSACTION_COLUMNS = ['t_dat', 'customer_id', 'article_id', 'price', 'sales_channel_id'] as const;

/** Chance that a visit is followed by another within days, and the mean of those days. */
const RETURN_SHARE = 0.3;
const RETURN_DAYS = 4;
const LONGEST_RETURN = 16;
const LARGEST_BASKET = 20;

/** The rows of each day in turn, ordered by customer id as in H&M's file. */
function* shoppingDays(world: World, activity: Float64Array, joinDays: Int16Array): Generator<string[][]> {
  const { options, catalogue } = world;
  const random = createRandom(options.seed, 'visits');
  const rows = rowsPerDay(options);
  const regulars = aliasTable(activity);
  const memory = createMemory(options.customers);
  const newcomers = byDay(joinDays, activity, options.days);
  const returning: number[][] = Array.from({ length: LONGEST_RETURN + 1 }, () => []);

  for (let day = 0; day < options.days; day++) {
    const week = weekOf(options, day);
    const visits: { id: string; customer: number; basket: number }[] = [];
    const here = new Set<number>();
    let left = rows[day];
    const visit = (customer: number) => {
      if (left === 0 || here.has(customer)) return;
      const basket = Math.min(left, basketSize(world.customer(customer).basket, random));
      here.add(customer);
      visits.push({ id: customerId(options.seed, customer), customer, basket });
      left -= basket;
      if (random.next() < RETURN_SHARE) {
        const gap = Math.min(LONGEST_RETURN, 1 + Math.floor(-RETURN_DAYS * Math.log(1 - random.next())));
        returning[(day + gap) % returning.length].push(customer);
      }
    };
    for (const customer of newcomers(day)) visit(customer);
    for (const customer of returning[day % returning.length].splice(0)) visit(customer);
    // Shops with fewer customers than a day needs: after many fruitless draws somebody comes a
    // second time.
    for (let fruitless = 0; left > 0;) {
      const customer = regulars.draw(random);
      if (joinDays[customer] > day) continue;
      if (here.has(customer) && ++fruitless > 100) here.delete(customer);
      visit(customer);
    }

    visits.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
    const date = dateOf(options, day);
    const lines: string[][] = [];
    for (const { id, customer, basket } of visits) {
      const channel = random.next() < world.customer(customer).online ? '2' : '1';
      for (let line = 0; line < basket; line++) {
        const article = world.sample(customer, day, memory.of(customer), random);
        memory.add(customer, article, day);
        const { product } = catalogue.articles[article];
        // Late in its life an article is marked down. H&M's prices are scaled likewise, to well
        // below 1.
        const old = week - product.launch > product.duration;
        const price = (product.price * (old ? 0.6 : 1)) / 590;
        lines.push([date, id, catalogue.articles[article].id, price.toFixed(6), channel]);
      }
    }
    yield lines;
  }
}

/**
 * How many rows each day has: weekdays, the time of year, a little growth and chance; exactly
 * `transactions` in sum.
 */
function rowsPerDay(options: ShopOptions): Int32Array {
  const random = createRandom(options.seed, 'days');
  const first = Date.parse(options.endDate) - (options.days - 1) * DAY_MS;
  const weights = Float64Array.from({ length: options.days }, (_, day) => {
    const weekday = new Date(first + day * DAY_MS).getUTCDay();
    const season = 1 + 0.15 * Math.cos((2 * Math.PI * (day % 365)) / 365);
    return (
      [0.9, 0.9, 0.95, 1, 1.05, 1.15, 1.1][weekday] * season * (1 + (0.2 * day) / 365) * Math.exp(0.1 * random.normal())
    );
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const rows = new Int32Array(options.days);
  let exact = 0;
  let given = 0;
  for (let day = 0; day < options.days; day++) {
    exact += (weights[day] / total) * options.transactions;
    rows[day] = Math.round(exact) - given;
    given += rows[day];
  }
  rows[options.days - 1] += options.transactions - given;
  return rows;
}

/** The customers whose first visit is on a day, for each day. */
function byDay(joinDays: Int16Array, activity: Float64Array, days: number): (day: number) => Int32Array {
  const starts = new Int32Array(days + 2);
  const comes = (index: number) => joinDays[index] >= 0 && activity[index] > 0;
  for (let i = 0; i < joinDays.length; i++) if (comes(i)) starts[joinDays[i] + 1]++;
  for (let day = 0; day <= days; day++) starts[day + 1] += starts[day];
  const order = new Int32Array(starts[days + 1]);
  const next = starts.slice();
  for (let i = 0; i < joinDays.length; i++) if (comes(i)) order[next[joinDays[i]]++] = i;
  return (day) => order.subarray(starts[day], starts[day + 1]);
}

/** The newest HISTORY purchases of every customer, in rings of fixed size. */
function createMemory(customers: number) {
  const articles = new Int32Array(customers * HISTORY);
  const days = new Int16Array(customers * HISTORY);
  const counts = new Int32Array(customers);
  return {
    add(customer: number, article: number, day: number): void {
      const place = customer * HISTORY + (counts[customer]++ % HISTORY);
      articles[place] = article;
      days[place] = day;
    },
    /** Newest first. */
    of(customer: number): { articles: number[]; days: number[] } {
      const count = counts[customer];
      const history = { articles: [] as number[], days: [] as number[] };
      for (let back = 1; back <= Math.min(HISTORY, count); back++) {
        const place = customer * HISTORY + ((count - back) % HISTORY);
        history.articles.push(articles[place]);
        history.days.push(days[place]);
      }
      return history;
    },
  };
}

/** One and more, geometric, with the given mean. */
function basketSize(mean: number, random: Random): number {
  return Math.min(LARGEST_BASKET, 1 + Math.floor(Math.log(1 - random.next()) / Math.log(1 - 1 / mean)));
}

function dateOf(options: ShopOptions, day: number): string {
  return new Date(Date.parse(options.endDate) - (options.days - 1 - day) * DAY_MS).toISOString().slice(0, 10);
}

type WriteRow = (row: readonly string[]) => Promise<void> | void;

/** A CSV file written through one buffer; `fill` writes its rows. */
async function writeCsv(
  path: string,
  header: readonly string[],
  fill: (write: WriteRow) => Promise<void>,
): Promise<void> {
  const stream = createWriteStream(path);
  // Heard once and kept: an error between two writes must not go unnoticed (a full disk).
  const closed = finished(stream);
  closed.catch(() => undefined);
  let buffer = '';
  const flush = async (): Promise<void> => {
    const full = !stream.write(buffer);
    buffer = '';
    if (full) await Promise.race([once(stream, 'drain'), closed]);
  };
  try {
    buffer = `${header.join(',')}\n`;
    await fill((row) => {
      buffer += `${row.map(quote).join(',')}\n`;
      return buffer.length > 1 << 16 ? flush() : undefined;
    });
    await flush();
    stream.end();
    await closed;
  } catch (thrown) {
    stream.destroy();
    // Half a file would take the room that others need.
    await rm(path, { force: true }).catch(() => undefined);
    throw asStorageError(thrown, path);
  }
}

function quote(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
