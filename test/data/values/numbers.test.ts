import { NumberDetection } from '../../../src/data/values/number-detection';
import { readMoney, readNumber, type DecimalMark } from '../../../src/data/values/numbers';
import { ValueFault } from '../../../src/data/values/value-fault';
import { createRandom } from '../../../src/random';

test.each<[DecimalMark, string, number, string | null]>([
  ['.', '20.96', 20.96, null],
  ['.', '1,020.96', 1020.96, null],
  ['.', '1,234,567', 1_234_567, null],
  ['.', '1 020.96', 1020.96, null],
  ['.', '1\u00a0020.96', 1020.96, null],
  ['.', '1\u202f020.96', 1020.96, null],
  ['.', "1'020.96", 1020.96, null],
  ['.', '1’020.96', 1020.96, null],
  ['.', '1,02,096.50', 102_096.5, null],
  ['.', '€20.96', 20.96, 'EUR'],
  ['.', '20.96 €', 20.96, 'EUR'],
  ['.', '£5', 5, 'GBP'],
  ['.', '$1,020.96', 1020.96, null],
  ['.', 'US$5', 5, 'USD'],
  ['.', 'R$ 5.00', 5, 'BRL'],
  ['.', 'USD 5.00', 5, 'USD'],
  ['.', '5.00 CHF', 5, 'CHF'],
  ['.', 'kr 5', 5, null],
  ['.', '¥500', 500, null],
  ['.', '₹1,02,096', 102_096, 'INR'],
  ['.', '-5.5', -5.5, null],
  ['.', '−5.5', -5.5, null],
  ['.', '-€5', -5, 'EUR'],
  ['.', '€-5', -5, 'EUR'],
  ['.', '5.50-', -5.5, null],
  ['.', '(5.50)', -5.5, null],
  ['.', '($5.50)', -5.5, null],
  ['.', '+5', 5, null],
  ['.', '-0', 0, null],
  ['.', '(0.00)', 0, null],
  ['.', '.5', 0.5, null],
  ['.', '5.', 5, null],
  ['.', '1e3', 1000, null],
  ['.', '1.5E-3', 0.0015, null],
  ['.', '00338', 338, null],
  [',', '20,96', 20.96, null],
  [',', '1.020,96', 1020.96, null],
  [',', '1.020,96 €', 1020.96, 'EUR'],
  [',', '1 020,96 €', 1020.96, 'EUR'],
  [',', '1.234.567', 1_234_567, null],
  [',', "CHF 1'020,50", 1020.5, 'CHF'],
  [',', '12,50 zł', 12.5, 'PLN'],
  [',', '5,-', 5, null],
  [',', '5,-- €', 5, 'EUR'],
  [',', '338', 338, null],
])('with the mark %s, %p is %d (%s)', (decimal, text, amount, currency) => {
  expect(readMoney(text, decimal)).toEqual({ amount, currency });
  expect(Object.is(readNumber(` ${text} `, decimal), amount)).toBe(true);
});

test.each<[DecimalMark, string, RegExp]>([
  ['.', '', /expected a number, got ''/],
  ['.', 'much', /expected a number, got 'much'/],
  ['.', '5%', /got '5%'/],
  ['.', '-', /got '-'/],
  ['.', '€', /got '€'/],
  ['.', '12-13', /got '12-13'/],
  ['.', '--5', /got '--5'/],
  ['.', '(5', /got/],
  ['.', '€5 USD', /got/],
  ['.', '5 kg', /got/],
  ['.', '5 PCS', /got/],
  ['.', 'NaN', /got/],
  ['.', 'Infinity', /got/],
  ['.', '0x10', /got/],
  ['.', '1_000', /got/],
  ['.', '2024-01-01', /got/],
  ['.', '1.2.3', /the decimal mark '\.', got '1\.2\.3'/],
  ['.', '1,2', /the decimal mark '\.', got '1,2'/],
  ['.', '1,020,96', /the decimal mark/],
  ['.', '1 2', /the decimal mark/],
  [',', '20.96', /the decimal mark ',', got '20\.96'/],
  [',', '1,020,96', /the decimal mark/],
  ['.', '1e999', /up to 1\.8e308/],
  ['.', '1e-999', /beyond ±5e-324/],
])('with the mark %s, %p is refused', (decimal, text, message) => {
  expect(() => readNumber(text, decimal)).toThrow(ValueFault);
  expect(() => readNumber(text, decimal)).toThrow(message);
});

test.each<[string, string[], ReturnType<NumberDetection['result']>]>([
  ['whole numbers', ['1', '20', '00338'], { decimal: '.', currencies: [], money: false, whole: true }],
  ['points', ['1.5', '2'], { decimal: '.', currencies: [], money: false, whole: false }],
  ['commas', ['1,5', '2'], { decimal: ',', currencies: [], money: false, whole: false }],
  ['thousands and points', ['1,020.96', '5'], { decimal: '.', currencies: [], money: false, whole: false }],
  [
    'thousands that a later value tells',
    ['1,234', '2.5'],
    { decimal: '.', currencies: [], money: false, whole: false },
  ],
  [
    'fractions that a later value tells',
    ['1,234', '2,5'],
    { decimal: ',', currencies: [], money: false, whole: false },
  ],
  ['points that group', ['1.234.567', '5'], { decimal: ',', currencies: [], money: false, whole: true }],
  ['a leading zero', ['0,453', '1,097'], { decimal: ',', currencies: [], money: false, whole: false }],
  ['money', ['€5', '5 €', '£2.50'], { decimal: '.', currencies: ['EUR', 'GBP'], money: true, whole: false }],
  ['dollars', ['$5.00'], { decimal: '.', currencies: [], money: true, whole: true }],
  ['either', ['1,234', '5,678', '9'], { ambiguous: true, currencies: [], example: '1,234' }],
  ['either, with points', ['1.097'], { ambiguous: true, currencies: [], example: '1.097' }],
  ['both', ['1.5', '2,5'], { none: "decimal marks differ: '1.5' and '2,5'", example: '2,5' }],
  ['words', ['cup', '5'], { none: 'it is no number', example: 'cup' }],
  ['dates', ['2024-01-01'], { none: 'it is no number', example: '2024-01-01' }],
  ['nothing', [], { none: 'there are no values', example: '' }],
])('a column of %s is found', (_what, texts, expected) => {
  const detection = new NumberDetection();
  for (const text of texts) detection.add(text);
  expect(detection.result()).toEqual(expected);
});

test('amounts as shops of many countries write them are found and read', () => {
  const random = createRandom(6);
  for (const [locale, currency] of [
    ['en-US', 'USD'],
    ['de-DE', 'EUR'],
    ['fr-FR', 'EUR'],
    ['de-CH', 'CHF'],
    ['en-IN', 'INR'],
    ['pt-BR', 'BRL'],
    ['pl-PL', 'PLN'],
    ['it-IT', 'EUR'],
    ['sv-SE', 'SEK'],
    ['ja-JP', 'EUR'],
  ]) {
    const format = new Intl.NumberFormat(locale, { style: 'currency', currency });
    const amounts = Array.from({ length: 300 }, () => (random.int(1_000_000_000) - 10_000_000) / 100);
    const texts = amounts.map((amount) => format.format(amount));
    const detection = new NumberDetection();
    for (const text of texts) detection.add(text);
    const finding = detection.result();
    if (!('decimal' in finding)) throw new Error(`${locale} ${texts[0]} ${JSON.stringify(finding)}`);
    expect({ locale, read: texts.map((text) => readNumber(text, finding.decimal)) }).toEqual({ locale, read: amounts });
    if (finding.currencies.length > 0) expect(finding.currencies).toEqual([currency]);
  }
});
