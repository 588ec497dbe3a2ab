// Writes the synthetic shop as files in H&M's layout, day by day. This file decides when customers
// come and how many articles they buy; world.ts draws the articles. Memory grows with the number of
// customers and articles, but not with that of transactions.

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { sum } from '../../numbers';
import { aliasTable, createRandom, type Random } from '../../random';
import { csvLine } from '../../data/tables/table';
import { SYNTHETIC_FILE } from '../../data/import/import';
import { asStorageError, storing } from '../../data/files/storage';
import type { Reporter } from '../../telemetry/progress';
import { ARTICLE_COLUMNS, articleRow } from './catalogue';
import { CUSTOMER_COLUMNS, customerId, customerRow } from './customers';
import { REMEMBERED, plantWorld, type World } from './world';
import { weekOf, type SyntheticOptions } from './options';
import { DAY_MS, isoDay } from '../../time';

/**
 * Raised whenever the same options give different files, since an oracle must fit its shop's data.
 */
const GENERATOR_VERSION = 1;

/**
 * Makes the shop of these options in a folder: articles.csv, customers.csv, transactions_train.csv
 * and synthetic.json. The same options give the same bytes. The file of transactions has exactly
 * `transactions` rows.
 * @throws VitrineError INPUT_INVALID for impossible options
 */
export async function generateShop(
  dir: string,
  given: Partial<SyntheticOptions>,
  reporter: Reporter,
  signal?: AbortSignal,
): Promise<SyntheticOptions> {
  const world = plantWorld(given);
  const { options, catalogue } = world;
  const made = join(dir, SYNTHETIC_FILE);
  // This file is written last, so a folder that has it is complete.
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

/**
 * The chance that a customer returns soon after a visit, and the mean number of days until then.
 */
const RETURN_SHARE = 0.3;
const RETURN_DAYS = 4;
const LONGEST_RETURN = 16;
const LARGEST_BASKET = 20;

/** The rows of each day, ordered by customer id as in H&M's file. */
function* shoppingDays(world: World, activity: Float64Array, joinDays: Int16Array): Generator<string[][]> {
  const { options, catalogue } = world;
  const random = createRandom(options.seed, 'visits');
  const rows = rowsPerDay(options);
  const regulars = aliasTable(activity);
  const memory = createMemory(options.customers);
  const firstVisits = byDay(joinDays, activity, options.days);
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
    for (const customer of firstVisits(day)) visit(customer);
    for (const customer of returning[day % returning.length].splice(0)) visit(customer);
    // A small shop may have fewer customers than a day needs. After many fruitless draws a customer
    // comes a second time.
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
        // Articles are marked down late in their life. Prices are scaled to well below 1, as in
        // H&M's data.
        const old = week - product.launch > product.duration;
        const price = (product.price * (old ? 0.6 : 1)) / 590;
        lines.push([date, id, catalogue.articles[article].id, price.toFixed(6), channel]);
      }
    }
    yield lines;
  }
}

/**
 * The number of rows of each day, `transactions` in total. It depends on the weekday, the time of
 * year, a little growth and chance.
 */
function rowsPerDay(options: SyntheticOptions): Int32Array {
  const random = createRandom(options.seed, 'days');
  const first = Date.parse(options.endDate) - (options.days - 1) * DAY_MS;
  const weights = Float64Array.from({ length: options.days }, (_, day) => {
    const weekday = new Date(first + day * DAY_MS).getUTCDay();
    const season = 1 + 0.15 * Math.cos((2 * Math.PI * (day % 365)) / 365);
    return (
      [0.9, 0.9, 0.95, 1, 1.05, 1.15, 1.1][weekday] * season * (1 + (0.2 * day) / 365) * Math.exp(0.1 * random.normal())
    );
  });
  const total = sum(weights);
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

/** Returns a function that finds the customers whose first visit is on a day. */
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

/** The newest REMEMBERED purchases of every customer, in ring buffers. */
function createMemory(customers: number) {
  const articles = new Int32Array(customers * REMEMBERED);
  const days = new Int16Array(customers * REMEMBERED);
  const counts = new Int32Array(customers);
  return {
    add(customer: number, article: number, day: number): void {
      const place = customer * REMEMBERED + (counts[customer]++ % REMEMBERED);
      articles[place] = article;
      days[place] = day;
    },
    /** The customer's remembered purchases, newest first. */
    of(customer: number): { articles: number[]; days: number[] } {
      const count = counts[customer];
      const history = { articles: [] as number[], days: [] as number[] };
      for (let back = 1; back <= Math.min(REMEMBERED, count); back++) {
        const place = customer * REMEMBERED + ((count - back) % REMEMBERED);
        history.articles.push(articles[place]);
        history.days.push(days[place]);
      }
      return history;
    },
  };
}

/** Draws the number of articles of a visit: at least 1, geometric, with the given mean. */
function basketSize(mean: number, random: Random): number {
  return Math.min(LARGEST_BASKET, 1 + Math.floor(Math.log(1 - random.next()) / Math.log(1 - 1 / mean)));
}

function dateOf(options: SyntheticOptions, day: number): string {
  return isoDay((Date.parse(options.endDate) - (options.days - 1 - day) * DAY_MS) / 1_000);
}

type WriteRow = (row: readonly string[]) => Promise<void> | void;

/** A CSV file written through one buffer; `fill` writes its rows. */
async function writeCsv(
  path: string,
  header: readonly string[],
  fill: (write: WriteRow) => Promise<void>,
): Promise<void> {
  const stream = createWriteStream(path);
  // The stream is watched from the start, since a write may fail between two rows, for example on a
  // full disk.
  const closed = finished(stream);
  closed.catch(() => undefined);
  let buffer = '';
  const flush = async (): Promise<void> => {
    const full = !stream.write(buffer);
    buffer = '';
    if (full) await Promise.race([once(stream, 'drain'), closed]);
  };
  try {
    buffer = `${csvLine(header)}\n`;
    await fill((row) => {
      buffer += `${csvLine(row)}\n`;
      return buffer.length > 1 << 16 ? flush() : undefined;
    });
    await flush();
    stream.end();
    await closed;
  } catch (thrown) {
    stream.destroy();
    // Half a file would only take up disk space.
    await rm(path, { force: true }).catch(() => undefined);
    throw asStorageError(thrown, path);
  }
}
