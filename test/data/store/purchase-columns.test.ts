// Purchases as columns, from the bytes that Postgres sends.
import { PurchaseParser } from '../../../src/data/store/purchase-columns';

test('the bytes of a COPY may be cut anywhere, but must have an end', () => {
  // The bytes of Postgres: a header, a row with a price, a row without one, and a trailer.
  const header = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);
  const row = (price?: number) => {
    const bytes = Buffer.alloc(price === undefined ? 50 : 58);
    [
      [0, 5],
      [2, 8, 0, 4],
      [14, 8, 0, 5],
      [26, 8],
      [38, 4, 2],
    ].forEach(([place, ...values], i) =>
      i === 0
        ? bytes.writeInt16BE(values[0], place)
        : values.forEach((value, j) => bytes.writeInt32BE(value, place + 4 * j)),
    );
    bytes.writeBigInt64BE(-1_000_000n, 30);
    bytes.writeInt32BE(price === undefined ? -1 : 8, 46);
    if (price !== undefined) bytes.writeDoubleBE(price, 50);
    return bytes;
  };
  const whole = Buffer.concat([header, row(0.5), row(), Buffer.from([0xff, 0xff])]);
  for (const size of [1, 7, whole.length]) {
    const parser = new PurchaseParser();
    for (let from = 0; from < whole.length; from += size) parser.push(whole.subarray(from, from + size));
    const { customer, article, at, price, quantity } = parser.columns();
    expect([...customer, ...article, ...price, ...quantity]).toEqual([4, 4, 5, 5, 0.5, Number.NaN, 2, 2]);
    expect(at[0]).toBe(Date.UTC(1999, 11, 31, 23, 59, 59) / 1_000);
  }
  const broken = new PurchaseParser();
  broken.push(whole.subarray(0, whole.length - 10));
  expect(() => broken.columns()).toThrow('broke off after 1 rows');
});
