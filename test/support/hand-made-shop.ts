// A shop of a few articles and customers, without a database. Tests write its purchases by hand.
import type { PurchaseColumns } from '../../src/data/store/store';
import { Catalogue } from '../../src/features/catalogue';
import { Dataset } from '../../src/dataset/dataset';
import { EncoderFit } from '../../src/features/encoder-fit';
import { articleRow, customerRow } from './rows';
import { DAY } from '../../src/time';

export const NOON = 18_500 * DAY;

/** [customer key, article key, days after NOON] */
export type Line = [number, number, number];

/**
 * Makes a shop of articles 101 … 105 and customers 11 … 14, with indices from 0 for each. The lines
 * must be in the store's order.
 */
export function shopOf(...lines: Line[]): Dataset {
  const articles = [101, 102, 103, 104, 105].map((key) => articleRow(key, { colour: key < 104 ? 'red' : 'blue' }));
  const customers = [11, 12, 13, 14].map((key) => customerRow(key, { age: key * 2 }));
  const fit = new EncoderFit();
  fit.addArticles(articles);
  fit.addCustomers(customers);
  const encoder = fit.finish(articles.map(({ id }) => id));
  const catalogue = new Catalogue(encoder);
  catalogue.put(articles);
  const purchases: PurchaseColumns = {
    customer: Float64Array.from(lines, ([customer]) => customer),
    article: Float64Array.from(lines, ([, article]) => article),
    at: Float64Array.from(lines, ([, , days]) => NOON + days * DAY),
    price: new Float32Array(lines.length),
    quantity: new Uint8Array(lines.length).fill(1),
  };
  return new Dataset({
    encoder,
    catalogue,
    customerKeys: Float64Array.from(customers, ({ key }) => key),
    customerIds: customers.map(({ id }) => id),
    encodedCustomers: encoder.customers(customers),
    purchases,
  });
}
