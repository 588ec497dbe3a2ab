// Purchases as columns of numbers, for training and evaluation. They are read from Postgres by
// binary COPY, some millions per second, and take about twenty bytes each.

import type { Pool } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { asError, VitrineError } from '../../errors';
import { COUNTED } from './sql/counted';

/** Keys of rows. Keys of more than 31 bits need 64-bit numbers, which are exact up to 2 ** 53. */
export type Keys = Int32Array | Float64Array;

export type Quantities = Uint8Array | Int32Array;

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
  readonly quantity: Quantities;
}

/** Reads all purchases. `report` is called with the number of rows read so far. */
export async function copyPurchases(pool: Pool, report?: (rows: number) => void): Promise<PurchaseColumns> {
  const parser = new PurchaseParser();
  const client = await pool.connect();
  try {
    for await (const chunk of client.query(copyTo(COPY))) {
      parser.push(chunk as Buffer);
      report?.(parser.rows);
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

/** Parses the bytes of the COPY, which may come in pieces of any size. */
export class PurchaseParser {
  rows = 0;
  #customer: Keys = new Int32Array(1 << 14);
  #article: Keys = new Int32Array(1 << 14);
  #at = new Float64Array(1 << 14);
  #price = new Float32Array(1 << 14);
  #quantity: Quantities = new Uint8Array(1 << 14);
  #rest: Buffer = Buffer.alloc(0);
  #begun = false;
  #ended = false;

  push(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let place = 0;
    if (!this.#begun) {
      if (bytes.length < HEADER_BYTES) {
        this.#rest = bytes;
        return;
      }
      place = HEADER_BYTES + bytes.readInt32BE(HEADER_BYTES - 4);
      this.#begun = true;
    }
    while (!this.#ended && place + 2 <= bytes.length) {
      if (bytes.readInt16BE(place) === END) {
        this.#ended = true;
        break;
      }
      if (place + ROW_BYTES > bytes.length) break;
      const priced = bytes.readInt32BE(place + ROW_BYTES - 4) === PRICE_BYTES;
      const size = ROW_BYTES + (priced ? PRICE_BYTES : 0);
      if (place + size > bytes.length) break;
      this.#put(bytes, place, priced);
      place += size;
    }
    this.#rest = bytes.subarray(place);
  }

  /** @throws VitrineError DATABASE_UNAVAILABLE if the end has not come */
  columns(): PurchaseColumns {
    const { rows } = this;
    if (!this.#ended) {
      const message = `The purchases broke off after ${rows} rows: the connection to the database was lost`;
      throw new VitrineError('DATABASE_UNAVAILABLE', message);
    }
    return {
      customer: this.#customer.slice(0, rows),
      article: this.#article.slice(0, rows),
      at: this.#at.slice(0, rows),
      price: this.#price.slice(0, rows),
      quantity: this.#quantity.slice(0, rows),
    };
  }

  #put(bytes: Buffer, place: number, priced: boolean): void {
    if (this.rows === this.#at.length) this.#grow();
    const customer = readInt64(bytes, place + CUSTOMER);
    const article = readInt64(bytes, place + ARTICLE);
    const quantity = bytes.readInt32BE(place + QUANTITY);
    // Few shops have such keys and quantities. Columns of all others take less memory.
    if (customer > MAX_INT32 && this.#customer instanceof Int32Array) this.#customer = new Float64Array(this.#customer);
    if (article > MAX_INT32 && this.#article instanceof Int32Array) this.#article = new Float64Array(this.#article);
    if (quantity > MAX_UINT8 && this.#quantity instanceof Uint8Array) this.#quantity = new Int32Array(this.#quantity);
    this.#customer[this.rows] = customer;
    this.#article[this.rows] = article;
    this.#at[this.rows] = readInt64(bytes, place + TIME) / 1e6 + EPOCH_2000;
    this.#price[this.rows] = priced ? bytes.readDoubleBE(place + ROW_BYTES) : Number.NaN;
    this.#quantity[this.rows] = quantity;
    this.rows += 1;
  }

  #grow(): void {
    this.#customer = twice(this.#customer);
    this.#article = twice(this.#article);
    this.#at = twice(this.#at);
    this.#price = twice(this.#price);
    this.#quantity = twice(this.#quantity);
  }
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
