// The text of an article: which of its values are read, in which order.

import { articleText } from '../../src/features/article-text';
import { articleRow } from '../support/rows';

describe('the text of an article', () => {
  test('is name, categories, brand, colour, attributes, description and further texts, codes last', () => {
    const row = articleRow(1, {
      name: 'Anna',
      category: ['Ladies', 'Dress'],
      brand: 'Acme',
      colour: 'Dark Red',
      description: 'A dress',
      attributes: {
        pattern: ['Solid', 'Striped'],
        material: ['wool'],
        pattern_no: ['1010016'],
        care: 'Wash at 30 degrees',
        machine_washable: true,
        vegan: false,
        weight: 1.2,
      },
    });
    expect(articleText(row)).toBe(
      'Anna. Ladies. Dress. Acme. Dark Red. machine washable. wool. Solid. Striped. A dress. Wash at 30 degrees. ' +
        'pattern_no_1010016',
    );
  });

  test('has each value once', () => {
    const attributes = { product_type_name: ['Dress'], colour_group_name: ['Red'], colour: ['Red'] };
    const row = articleRow(1, { name: 'Dress', category: ['Dress'], colour: 'Red', attributes });
    expect(articleText(row)).toBe('Dress. Red');
  });

  test('leaves out missing and empty values', () => {
    expect(articleText(articleRow(1))).toBe('');
    expect(articleText(articleRow(1, { name: '', description: 'Soap', attributes: null }))).toBe('Soap');
    expect(articleText(articleRow(1, { name: ' ', attributes: { tag: ['', 7, null], other: [] } }))).toBe('');
  });

  test('does not change with what customers cannot read: keys, ids, prices and addresses', () => {
    const plain = articleRow(1, { name: 'Anna' });
    const other = {
      key: 2,
      id: 'x',
      productId: '7',
      price: 9,
      url: 'https://x.example',
      image: '/a.jpg',
      hidden: true,
    };
    expect(articleText({ ...plain, ...other })).toBe(articleText(plain));
  });

  test('does not depend on the order of the attributes', () => {
    const [one, other] = [
      { a: ['x'], b: ['y'] },
      { b: ['y'], a: ['x'] },
    ].map((attributes) => articleRow(1, { attributes }));
    expect(articleText(one)).toBe(articleText(other));
  });

  test('has no markup: neither tags nor entities', () => {
    const html =
      '<div class="product-desc" style="color:#333"><p>Free&nbsp;shipping <b>over 50&euro;</b></p><p>A cup &amp; saucer</p></div>';
    const row = articleRow(1, { name: 'Caf&eacute; cup', description: html, attributes: { care: '<i>By hand</i>' } });
    const text = articleText(row);
    expect(text).toContain('Café cup');
    expect(text).toContain('A cup & saucer');
    expect(text).toContain('By hand');
    expect(text).not.toMatch(/[<>]|div|style|nbsp|eacute|euro/);
  });
});
