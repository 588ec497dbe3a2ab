// Records orders. All purchases of an order are recorded or none, and only once even if the order
// is sent again. They are on disk before the answer is sent. Everything is checked first, so an
// order that is refused or already known writes nothing.

import { sha256 } from '../../bytes';
import { VitrineError } from '../../errors';
import { isOutOfKeys, outOfKeys } from '../postgres/database-errors';
import { CLOCK_SIGNS, LEEWAY_MS, type Clock, type ClockSigns, type ShopClock } from './clock';
import { Prisma } from './prisma/client';
import { coverReturns } from './returns';
import { SELECTED_PURCHASE, type PurchaseRow } from './rows';
import type { Ask } from './sql/statements';

export interface OrderLine {
  readonly articleId: string;
  /** The price of one piece; null if unknown. */
  readonly price: number | null;
  readonly salesChannelId: number | null;
  /**
   * Number of pieces; default 1. A negative number is a return: it takes back purchases of the
   * article, the latest first.
   */
  readonly quantity?: number;
}

export interface Order {
  /** Chosen by the sender. The same order with the same id is recorded once. */
  readonly requestId: string;
  /** If there is no customer with this id, a new customer is made. */
  readonly customerId: string;
  /**
   * Default: now, by the shop's clock; during a replay just after the clock, and after the
   * customer's other purchases.
   */
  readonly boughtAt?: Date;
  /** The shop's own id of the order, if it has one. */
  readonly orderId?: string;
  readonly lines: readonly OrderLine[];
}

export interface RecordedOrder {
  readonly customerKey: number;
  /** In the order of the lines. Purchases that have been deleted since are left out. */
  readonly purchases: PurchaseRow[];
  /** Whether the order had been recorded before, so that nothing was done. */
  readonly repeated: boolean;
}

/**
 * Records an order within a transaction, which the caller commits.
 * @throws VitrineError INPUT_INVALID for unknown articles, a quantity of 0, a time beyond the
 *   bounds, or an id that stands for another order; DATABASE_UNAVAILABLE if there is no key left
 *   for a new customer
 */
export async function recordOrder(ask: Ask, order: Order, clock: Pick<Clock, 'from'>): Promise<RecordedOrder> {
  refuseWrongQuantities(order.lines);
  // The commit waits for the disk, whatever the server's setting. The lock makes a second order
  // with the same id wait for the first order, even if the orders are of different customers.
  await ask`SELECT set_config('synchronous_commit', 'on', true), pg_advisory_xact_lock(${ORDER_LOCK}::int,
    hashtext(${order.requestId}))::text AS locked`;
  const known = await lockCustomer(ask, order.customerId);
  const content = contentOf(order);
  const former = await receiptOf(ask, order.requestId);
  if (former) {
    if (former.customerKey !== known || former.content !== content) throw anotherOrder(order.requestId);
    return { customerKey: known, purchases: await purchasesOf(ask, former), repeated: true };
  }
  const keys = await articleKeys(ask, order.lines);
  const { own, ...signs } = await signsOf(ask, known);
  const boughtAt = timeOf(order.boughtAt, await clock.from(signs), own);
  // The key is taken last, when nothing can be refused any longer: a sequence does not take a key
  // back, even if the transaction fails.
  const customerKey = known ?? (await newCustomer(ask, order.customerId));
  const purchases = await insertPurchases(ask, { customerKey, boughtAt, keys, order });
  const made = await ask<unknown[]>`
    INSERT INTO receipts (request_id, customer_key, content, bought_at, article_keys, lines)
    VALUES (${order.requestId}, ${customerKey}, ${content}, ${boughtAt}, ${keys}::bigint[],
      ${purchases.map(({ line }) => line)}::int[])
    ON CONFLICT DO NOTHING RETURNING request_id`;
  // An older version of this program does not lock the id, and may have used the id just now.
  if (made.length === 0) throw anotherOrder(order.requestId);
  return { customerKey, purchases, repeated: false };
}

/** The first number of an advisory lock tells the kind; the second is the hash of the id. */
const ORDER_LOCK = 7_641_303;
const CUSTOMER_LOCK = 7_641_304;

/**
 * Locks the customer until the end of the transaction, since purchases at one time are numbered
 * without gaps. A customer without a row is locked by id, so that a second order finds the row that
 * the first order made. Returns undefined if there is still no row.
 */
async function lockCustomer(ask: Ask, id: string): Promise<number | undefined> {
  const lockRow = async (): Promise<number | undefined> => {
    const [row] = await ask<{ key: number }[]>`SELECT key FROM customers WHERE customer_id = ${id} FOR UPDATE`;
    return row?.key;
  };
  const key = await lockRow();
  if (key !== undefined) return key;
  await ask`SELECT pg_advisory_xact_lock(${CUSTOMER_LOCK}::int, hashtext(${id}))::text AS locked`;
  return lockRow();
}

async function newCustomer(ask: Ask, id: string): Promise<number> {
  try {
    const [made] = await ask<{ key: number }[]>`
      INSERT INTO customers (customer_id) VALUES (${id}) ON CONFLICT DO NOTHING RETURNING key`;
    if (made) return made.key;
  } catch (thrown) {
    throw isOutOfKeys(thrown) ? outOfKeys(thrown) : thrown;
  }
  // An import or a program of the shop has just made the row.
  const key = await lockCustomer(ask, id);
  if (key !== undefined) return key;
  throw new VitrineError('OVERLOADED', 'The customer was deleted while the order was recorded: send it again.');
}

interface Receipt {
  readonly customerKey: number;
  readonly content: string;
  readonly boughtAt: Date;
  readonly articleKeys: number[];
  readonly lines: number[];
}

async function receiptOf(ask: Ask, requestId: string): Promise<Receipt | undefined> {
  const [receipt] = await ask<Receipt[]>`
    SELECT customer_key AS "customerKey", content, bought_at AS "boughtAt", article_keys AS "articleKeys", lines
    FROM receipts WHERE request_id = ${requestId}`;
  return receipt;
}

function purchasesOf(ask: Ask, { customerKey, boughtAt, articleKeys: keys, lines }: Receipt): Promise<PurchaseRow[]> {
  return ask<PurchaseRow[]>`
    SELECT ${SELECTED_PURCHASE} FROM unnest(${keys}::bigint[], ${lines}::int[]) WITH ORDINALITY AS made(article, line, place)
    JOIN purchases p ON p.customer_key = ${customerKey} AND p.bought_at = ${boughtAt}
      AND p.article_key = made.article AND p.line = made.line
    ORDER BY made.place`;
}

/** Returns the key of each line's article [lines]. */
async function articleKeys(ask: Ask, lines: readonly OrderLine[]): Promise<number[]> {
  const ids = [...new Set(lines.map(({ articleId }) => articleId))];
  const rows = await ask<{ key: number; id: string }[]>`
    SELECT key, article_id AS id FROM articles WHERE article_id = ANY(${ids}) FOR KEY SHARE`;
  const byId = new Map(rows.map(({ key, id }) => [id, key]));
  const unknown = ids.filter((id) => !byId.has(id));
  if (unknown.length > 0) {
    const named = unknown.slice(0, 5).map((id) => JSON.stringify(id));
    const others = unknown.length > named.length ? ` and ${unknown.length - named.length} more` : '';
    throw new VitrineError(
      'INPUT_INVALID',
      `purchases: expected articles of this shop, there is no ${named.join(', ')}${others}; nothing was recorded`,
    );
  }
  return lines.map(({ articleId }) => byId.get(articleId) ?? 0);
}

/** The signs of the clock, and the customer's own newest purchase. */
async function signsOf(ask: Ask, customerKey: number | undefined): Promise<ClockSigns & { own: Date | null }> {
  const [signs] = await ask<(ClockSigns & { own: Date | null })[]>`
    SELECT ${CLOCK_SIGNS}, (
      SELECT max(bought_at) FROM purchases WHERE customer_key = ${customerKey ?? null}::bigint
    ) AS own`;
  return signs;
}

const EARLIEST = new Date('1990-01-01T00:00:00Z');
/** Clocks of machines differ a little. */
const LIVE_LEEWAY_MS = 60_000;

/** The time of an order in whole seconds, the precision of the table. */
function timeOf(given: Date | undefined, { mode, at }: ShopClock, own: Date | null): Date {
  const latest = at.getTime() + (mode === 'live' ? LIVE_LEEWAY_MS : LEEWAY_MS);
  if (given) {
    if (given >= EARLIEST && given.getTime() <= latest) return wholeSeconds(given.getTime());
    const stands = mode === 'live' ? '' : `, a day after the clock of the shop, whose data is replayed`;
    throw new VitrineError(
      'INPUT_INVALID',
      `boughtAt: expected a time from ${EARLIEST.toISOString()} to ${new Date(latest).toISOString()}${stands}, ` +
        `got ${given.toISOString()}`,
    );
  }
  if (mode === 'live') return wholeSeconds(at.getTime());
  // A customer's orders follow each other, although the clock stands.
  const after = own && own.getTime() <= latest ? Math.max(at.getTime(), own.getTime()) : at.getTime();
  return wholeSeconds(Math.min(after + 1_000, latest));
}

interface ToInsert {
  readonly customerKey: number;
  readonly boughtAt: Date;
  /** [lines] the keys of the articles. */
  readonly keys: number[];
  readonly order: Order;
}

async function insertPurchases(ask: Ask, { customerKey, boughtAt, keys, order }: ToInsert): Promise<PurchaseRow[]> {
  const { lines, orderId = null } = order;
  const made = await ask<PurchaseRow[]>`
    INSERT INTO purchases AS p (customer_key, article_key, bought_at, price, quantity, sales_channel_id, line, state, order_id)
    SELECT ${customerKey}::bigint, new.article, ${boughtAt}::timestamptz, new.price, new.quantity, new.channel,
      row_number() OVER (PARTITION BY new.article ORDER BY new.place) + coalesce(
        (SELECT max(line) FROM purchases WHERE customer_key = ${customerKey}::bigint
          AND bought_at = ${boughtAt}::timestamptz AND article_key = new.article), 0),
      (CASE WHEN new.quantity < 0 THEN 'returned' ELSE 'bought' END)::purchase_state, ${orderId}
    FROM unnest(${keys}::bigint[], ${lines.map(({ price }) => price)}::float8[], ${lines.map(quantityOf)}::int[],
      ${lines.map(({ salesChannelId }) => salesChannelId)}::int[])
      WITH ORDINALITY AS new(article, price, quantity, channel, place)
    RETURNING ${SELECTED_PURCHASE}`;
  const returned = keys.filter((_key, i) => quantityOf(lines[i]) < 0);
  if (returned.length > 0) await takeBack(ask, customerKey, returned);
  // Sorts the purchases back into the order of the order's lines. Purchases of one article were
  // numbered in that order.
  const byArticle = new Map<number, PurchaseRow[]>();
  for (const purchase of made.sort((a, b) => b.line - a.line)) {
    const list = byArticle.get(purchase.articleKey);
    if (list) list.push(purchase);
    else byArticle.set(purchase.articleKey, [purchase]);
  }
  return keys.flatMap((key) => byArticle.get(key)?.pop() ?? []);
}

/** Marks the purchases that the customer's returns of these articles cover. */
async function takeBack(ask: Ask, customerKey: number, articles: readonly number[]): Promise<void> {
  const pairs = Prisma.sql`
    SELECT ${customerKey}::bigint AS customer_key, article_key
    FROM unnest(${[...new Set(articles)]}::bigint[]) AS articles(article_key)`;
  await ask`${coverReturns(pairs)}`;
}

function quantityOf({ quantity = 1 }: OrderLine): number {
  return quantity;
}

const MOST_PIECES = 1_000_000;

function refuseWrongQuantities(lines: readonly OrderLine[]): void {
  lines.forEach((line, i) => {
    const quantity = quantityOf(line);
    if (Number.isInteger(quantity) && quantity !== 0 && Math.abs(quantity) <= MOST_PIECES) return;
    throw new VitrineError(
      'INPUT_INVALID',
      `purchases: expected a quantity from 1 to ${MOST_PIECES}, or a negative one for a return, ` +
        `got ${quantity} in line ${i + 1}`,
    );
  });
}

/** Lines of one piece have the same hash as before there were quantities. */
function contentOf({ boughtAt, orderId, lines }: Order): string {
  const plain = lines.map(({ articleId, price, salesChannelId, quantity = 1 }) => [
    articleId,
    price,
    salesChannelId,
    ...(quantity === 1 ? [] : [quantity]),
  ]);
  return sha256(JSON.stringify([boughtAt?.toISOString() ?? null, plain, ...(orderId === undefined ? [] : [orderId])]));
}

function anotherOrder(requestId: string): VitrineError {
  return new VitrineError(
    'INPUT_INVALID',
    `requestId: ${JSON.stringify(requestId)} stands for another order already; give each order an id of its own`,
  );
}

function wholeSeconds(ms: number): Date {
  return new Date(Math.floor(ms / 1000) * 1000);
}
