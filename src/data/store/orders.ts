// Records orders. All purchases of an order are recorded or none, and only once even if the order
// is sent again. They are on disk before the answer is sent. Everything is checked first, so an
// order that is refused or already known writes nothing.

import { VitrineError } from '../../errors';
import { isOutOfKeys, outOfKeys } from '../postgres/database-errors';
import { sha256 } from '../../bytes';
import type { PurchaseState } from './prisma/enums';
import { DAY_MS } from '../../time';

export interface OrderLine {
  readonly articleId: string;
  /** Number of pieces, from 1. Default: 1. */
  readonly quantity?: number;
  /** The price of one piece; null if unknown. */
  readonly price: number | null;
  readonly salesChannelId: number | null;
}

export interface Order {
  /** Chosen by the sender. The same order with the same id is recorded once. */
  readonly requestId: string;
  /** If there is no customer with this id, a new customer is made. */
  readonly customerId: string;
  /** Default: now, by the shop's clock. */
  readonly boughtAt?: Date;
  readonly lines: readonly OrderLine[];
}

export interface RecordedPurchase {
  readonly customerKey: number;
  readonly articleKey: number;
  readonly boughtAt: Date;
  readonly price: number | null;
  readonly salesChannelId: number | null;
  readonly line: number;
  readonly quantity: number;
  readonly state: PurchaseState;
  readonly orderId: string | null;
}

export interface RecordedOrder {
  readonly customerKey: number;
  /** In the order of the lines. Purchases that have been deleted since are left out. */
  readonly purchases: RecordedPurchase[];
  /** Whether the order had been recorded before, so that nothing was done. */
  readonly repeated: boolean;
}

/** Sends one statement within a transaction. */
export type Ask = <Rows>(text: TemplateStringsArray, ...values: unknown[]) => Promise<Rows>;

/**
 * A shop whose newest purchase is older than this has historic data: new orders are dated just
 * after that purchase.
 */
const LIVE_DAYS = 30;

/**
 * Records an order within a transaction, which the caller commits.
 * @throws VitrineError INPUT_INVALID for unknown articles, a time in the future, or an id that
 *   stands for another order; DATABASE_UNAVAILABLE if there is no key left for a new customer
 */
export async function recordOrder(ask: Ask, order: Order): Promise<RecordedOrder> {
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
  const boughtAt = await timeOf(ask, order.boughtAt);
  // The key is taken last, when nothing can be refused any longer: a sequence does not take a key
  // back, even if the transaction fails.
  const customerKey = known ?? (await newCustomer(ask, order.customerId));
  const purchases = await insertPurchases(ask, { customerKey, boughtAt, keys, lines: order.lines });
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
    SELECT customer_key AS "customerKey", content, bought_at AS "boughtAt", article_keys AS "articleKeys", lines::int[] AS lines
    FROM receipts WHERE request_id = ${requestId}`;
  return receipt;
}

function purchasesOf(
  ask: Ask,
  { customerKey, boughtAt, articleKeys: keys, lines }: Receipt,
): Promise<RecordedPurchase[]> {
  return ask<RecordedPurchase[]>`
    SELECT p.customer_key AS "customerKey", p.article_key AS "articleKey", p.bought_at AS "boughtAt", p.price,
      p.sales_channel_id AS "salesChannelId", p.line, p.quantity, p.state, p.order_id AS "orderId"
    FROM unnest(${keys}::bigint[], ${lines}::int[]) WITH ORDINALITY AS made(article, line, place)
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

/** The time of an order in whole seconds, the precision of the table. */
async function timeOf(ask: Ask, given: Date | undefined): Promise<Date> {
  const [{ now, newest }] = await ask<{ now: Date; newest: Date | null }[]>`
    SELECT now() AS now, (SELECT max(bought_at) FROM purchases WHERE bought_at < now() + interval '1 day') AS newest`;
  const live = !newest || now.getTime() - newest.getTime() < LIVE_DAYS * DAY_MS;
  if (!given) return wholeSeconds(live ? now : new Date(newest.getTime() + 1000));
  if (given.getTime() > now.getTime() + 60_000) {
    throw new VitrineError(
      'INPUT_INVALID',
      `boughtAt: expected a time that is not in the future, got ${given.toISOString()}`,
    );
  }
  return wholeSeconds(given);
}

interface ToInsert {
  readonly customerKey: number;
  readonly boughtAt: Date;
  /** [lines] the keys of the articles. */
  readonly keys: number[];
  readonly lines: readonly OrderLine[];
}

async function insertPurchases(
  ask: Ask,
  { customerKey, boughtAt, keys, lines }: ToInsert,
): Promise<RecordedPurchase[]> {
  const made = await ask<RecordedPurchase[]>`
    INSERT INTO purchases (customer_key, article_key, bought_at, price, quantity, sales_channel_id, line)
    SELECT ${customerKey}::bigint, new.article, ${boughtAt}::timestamptz, new.price, new.quantity, new.channel,
      row_number() OVER (PARTITION BY new.article ORDER BY new.place) + coalesce(
        (SELECT max(line) FROM purchases WHERE customer_key = ${customerKey}::bigint AND bought_at = ${boughtAt}::timestamptz
          AND article_key = new.article), 0)
    FROM unnest(${keys}::bigint[], ${lines.map(({ price }) => price)}::float8[], ${lines.map(({ quantity = 1 }) => quantity)}::int[],
      ${lines.map(({ salesChannelId }) => salesChannelId)}::int[]) WITH ORDINALITY AS new(article, price, quantity, channel, place)
    RETURNING customer_key AS "customerKey", article_key AS "articleKey", bought_at AS "boughtAt", price,
      sales_channel_id AS "salesChannelId", line, quantity, state, order_id AS "orderId"`;
  // Sorts the purchases back into the order of the order's lines. Purchases of one article were
  // numbered in that order.
  const byArticle = new Map<number, RecordedPurchase[]>();
  for (const purchase of made.sort((a, b) => b.line - a.line)) {
    const list = byArticle.get(purchase.articleKey);
    if (list) list.push(purchase);
    else byArticle.set(purchase.articleKey, [purchase]);
  }
  return keys.flatMap((key) => byArticle.get(key)?.pop() ?? []);
}

function contentOf({ boughtAt, lines }: Order): string {
  // A line stands for each piece, as orders had it before they had quantities: their hashes stay.
  const plain = lines.flatMap(({ articleId, price, salesChannelId, quantity = 1 }) =>
    Array.from({ length: quantity }, () => [articleId, price, salesChannelId]),
  );
  return sha256(JSON.stringify([boughtAt?.toISOString() ?? null, plain]));
}

function anotherOrder(requestId: string): VitrineError {
  return new VitrineError(
    'INPUT_INVALID',
    `requestId: ${JSON.stringify(requestId)} stands for another order already; give each order an id of its own`,
  );
}

function wholeSeconds(time: Date): Date {
  return new Date(Math.floor(time.getTime() / 1000) * 1000);
}
