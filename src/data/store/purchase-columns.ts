// Purchases as columns of numbers, for training and evaluation. They are read from Postgres by
// binary COPY, some millions per second, and take about twenty bytes each.

import type { Pool } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { asError, VitrineError } from '../../errors';
import { COUNTED } from './counted';

/** Keys of rows. Keys of more than 31 bits need 64-bit numbers, which are exact up to 2 ** 53. */
export type Keys = Int32Array | Float64Array;

/**
 * All purchases that count, ordered by customer key, then time, article key and line. Each column
 * is [n].
 */
export interface PurchaseColumns {
  /** Keys of customers. */
  readonly customer: Keys;
  /** Keys of articles. */
  readonly article: Keys;
  /** Unix seconds. */
  readonly at: Float64Array;
  /** The price of one piece; NaN if unknown. */
  readonly price: Float32Array;
  /** Number of pieces, from 1. */
  readonly quantity: Uint8Array | Int32Array;
}

/** Reads all purchases. `report` is called with the number of rows read so far. */
export async function copyPurchases(pool: Pool, report?: (rows: number) => void): Promise<PurchaseColumns> {
  const parser = createPurchaseParser();
  const client = await pool.connect();
  try {
    for await (const chunk of client.query(copyTo(COPY))) {
      parser.push(chunk as Buffer);
      report?.(parser.rows());
    }
  } catch (thrown) {
    client.release(asError(thrown));
    throw thrown;
  }
  client.release();
  return parser.columns();
}

const COPY = `COPY (
  SELECT customer_key, article_key, bought_at, quantity, price FROM purchases WHERE ${COUNTED.text}
  ORDER BY customer_key, bought_at, article_key, line
) TO STDOUT (FORMAT binary)`;

/** Size of the header: the signature, the flags and the length of the header's extension. */
const HEADER_BYTES = 11 + 4 + 4;
/**
 * Size of a row without its price: the number of fields, then the length and value of each field.
 * An unknown price has the length −1 and no value.
 */
const ROW_BYTES = 2 + (4 + 8) + (4 + 8) + (4 + 8) + (4 + 4) + 4;
const [CUSTOMER, ARTICLE, TIME, QUANTITY] = [6, 18, 30, 42];
const PRICE_BYTES = 8;
const END = -1;
/** Postgres counts microseconds from the year 2000. */
const EPOCH_2000 = Date.UTC(2000, 0, 1) / 1_000;

/** Makes a parser for the bytes of the COPY, which may come in pieces of any size. */
export function createPurchaseParser() {
  let customer: Keys = new Int32Array(1 << 14);
  let article: Keys = new Int32Array(1 << 14);
  let at = new Float64Array(1 << 14);
  let price = new Float32Array(1 << 14);
  let quantity: Uint8Array | Int32Array = new Uint8Array(1 << 14);
  let rows = 0;
  let rest: Buffer = Buffer.alloc(0);
  let begun = false;
  let ended = false;

  function grow(): void {
    customer = twice(customer);
    article = twice(article);
    at = twice(at);
    price = twice(price);
    quantity = twice(quantity);
  }

  function putRow(bytes: Buffer, place: number, priced: boolean): void {
    if (rows === at.length) grow();
    const customerKey = readInt64(bytes, place + CUSTOMER);
    const articleKey = readInt64(bytes, place + ARTICLE);
    const pieces = bytes.readInt32BE(place + QUANTITY);
    // Few shops have such keys and quantities, so most need half the memory.
    if (customerKey > MAX_INT32 && customer instanceof Int32Array) customer = Float64Array.from(customer);
    if (articleKey > MAX_INT32 && article instanceof Int32Array) article = Float64Array.from(article);
    if (pieces > MAX_UINT8 && quantity instanceof Uint8Array) quantity = Int32Array.from(quantity);
    customer[rows] = customerKey;
    article[rows] = articleKey;
    at[rows] = readInt64(bytes, place + TIME) / 1e6 + EPOCH_2000;
    quantity[rows] = pieces;
    price[rows] = priced ? bytes.readDoubleBE(place + ROW_BYTES) : Number.NaN;
    rows++;
  }

  return {
    rows: () => rows,
    push(chunk: Buffer): void {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let place = 0;
      if (!begun) {
        if (bytes.length < HEADER_BYTES) {
          rest = bytes;
          return;
        }
        place = HEADER_BYTES + bytes.readInt32BE(HEADER_BYTES - 4);
        begun = true;
      }
      while (!ended && place + 2 <= bytes.length) {
        if (bytes.readInt16BE(place) === END) {
          ended = true;
          break;
        }
        if (place + ROW_BYTES > bytes.length) break;
        const priced = bytes.readInt32BE(place + ROW_BYTES - 4) === PRICE_BYTES;
        const size = ROW_BYTES + (priced ? PRICE_BYTES : 0);
        if (place + size > bytes.length) break;
        putRow(bytes, place, priced);
        place += size;
      }
      rest = bytes.subarray(place);
    },
    columns(): PurchaseColumns {
      if (!ended) {
        const message = `The purchases broke off after ${rows} rows: the connection to the database was lost`;
        throw new VitrineError('DATABASE_UNAVAILABLE', message);
      }
      return {
        customer: customer.slice(0, rows),
        article: article.slice(0, rows),
        at: at.slice(0, rows),
        price: price.slice(0, rows),
        quantity: quantity.slice(0, rows),
      };
    },
  };
}

/** The purchases with these places, in their order. */
export function pickPurchases(purchases: PurchaseColumns, keep: (place: number) => boolean): PurchaseColumns {
  const isKept = (_value: number, place: number): boolean => keep(place);
  const keysOf = (keys: Keys): Keys => (keys instanceof Int32Array ? keys.filter(isKept) : keys.filter(isKept));
  const { quantity } = purchases;
  return {
    customer: keysOf(purchases.customer),
    article: keysOf(purchases.article),
    at: purchases.at.filter(isKept),
    price: purchases.price.filter(isKept),
    quantity: quantity instanceof Uint8Array ? quantity.filter(isKept) : quantity.filter(isKept),
  };
}

const MAX_INT32 = 0x7fff_ffff;
const MAX_UINT8 = 0xff;

function readInt64(bytes: Buffer, place: number): number {
  return bytes.readInt32BE(place) * 0x1_0000_0000 + bytes.readUInt32BE(place + 4);
}

function twice<T extends Uint8Array | Int32Array | Float64Array | Float32Array>(smaller: T): T {
  const larger = new (smaller.constructor as new (size: number) => T)(smaller.length * 2);
  larger.set(smaller);
  return larger;
}
