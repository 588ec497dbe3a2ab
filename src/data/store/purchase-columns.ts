// Purchases as columns of numbers, for training and evaluation. They are read from Postgres by
// binary COPY, some millions per second, and take 28 bytes each.

import type { ClientBase } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { VitrineError } from '../../errors';

/** All purchases, ordered by customer key, then time, article key and line. Each column is [n]. */
export interface PurchaseColumns {
  /** Keys of customers. */
  readonly customer: Float64Array;
  /** Keys of articles. */
  readonly article: Float64Array;
  /** Unix seconds. */
  readonly at: Float64Array;
  /** NaN if unknown. */
  readonly price: Float32Array;
}

/**
 * Reads all purchases over a connection of its own. `report` is called with the number of rows read
 * so far.
 */
export async function copyPurchases(client: ClientBase, report?: (rows: number) => void): Promise<PurchaseColumns> {
  const parser = createPurchaseParser();
  for await (const chunk of client.query(copyTo(COPY))) {
    parser.push(chunk as Buffer);
    report?.(parser.rows());
  }
  return parser.columns();
}

const COPY = `COPY (
  SELECT customer_key, article_key, bought_at, price::real FROM purchases WHERE state = 'bought'
  ORDER BY customer_key, bought_at, article_key, line
) TO STDOUT (FORMAT binary)`;

/** Size of the header: the signature, the flags and the length of the header's extension. */
const HEADER_BYTES = 11 + 4 + 4;
/**
 * Size of a row without its price: the number of fields, then the length and value of each field.
 * An unknown price has the length −1 and no value.
 */
const ROW_BYTES = 2 + (4 + 8) + (4 + 8) + (4 + 8) + 4;
const PRICE_BYTES = 4;
const END = -1;
/** Postgres counts microseconds from the year 2000. */
const EPOCH_2000 = Date.UTC(2000, 0, 1) / 1_000;

/** Makes a parser for the bytes of the COPY, which may come in pieces of any size. */
export function createPurchaseParser() {
  let customer = new Float64Array(1 << 14);
  let article = new Float64Array(1 << 14);
  let at = new Float64Array(1 << 14);
  let price = new Float32Array(1 << 14);
  let rows = 0;
  let rest: Buffer = Buffer.alloc(0);
  let begun = false;
  let ended = false;

  function grow(): void {
    const size = rows * 2;
    customer = copyInto(new Float64Array(size), customer);
    article = copyInto(new Float64Array(size), article);
    at = copyInto(new Float64Array(size), at);
    price = copyInto(new Float32Array(size), price);
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
        const known = bytes.readInt32BE(place + ROW_BYTES - 4) === PRICE_BYTES;
        if (known && place + ROW_BYTES + PRICE_BYTES > bytes.length) break;
        if (rows === customer.length) grow();
        customer[rows] = int64(bytes, place + 6);
        article[rows] = int64(bytes, place + 18);
        at[rows] = int64(bytes, place + 30) / 1e6 + EPOCH_2000;
        price[rows] = known ? bytes.readFloatBE(place + ROW_BYTES) : Number.NaN;
        rows++;
        place += ROW_BYTES + (known ? PRICE_BYTES : 0);
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
      };
    },
  };
}

/** A 64-bit integer, which is exact up to 2 ** 53. */
function int64(bytes: Buffer, place: number): number {
  return bytes.readInt32BE(place) * 0x1_0000_0000 + bytes.readUInt32BE(place + 4);
}

function copyInto<T extends Float64Array | Float32Array>(larger: T, smaller: T): T {
  larger.set(smaller);
  return larger;
}
