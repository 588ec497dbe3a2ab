import { flagOf, readFlag } from '../../../src/data/values/flags';
import { isNull } from '../../../src/data/values/nulls';
import { plainText } from '../../../src/data/values/text';
import { ValueFault } from '../../../src/data/values/value-fault';

describe('null words', () => {
  const unknown = isNull();

  test.each(['', ' ', '\t', 'NULL', 'Null', ' null ', 'NA', 'N/A', '#N/A', '\\N', 'None', 'nan', 'NaN', 'nil', '-', '--', 'undefined', '(not set)', '(none)'])('%p is unknown by default', (text) => {
    expect(unknown(text)).toBe(true);
  }); // prettier-ignore

  test.each(['Na', 'na', 'none', 'nulls', '0', 'x', 'no', 'false', 'Annan', 'a NULL b'])('%p is a value', (text) => {
    expect(unknown(text)).toBe(false);
  });

  test('a shop may have its own', () => {
    const own = isNull(['0', 'guest']);
    expect(['0', ' guest ', 'NULL', ''].map(own)).toEqual([true, true, false, false]);
  });
});

test.each<[boolean, string[]]>([
  [true, ['1', '1.0', 'yes', 'Y', 'TRUE', 't', 'ja', 'oui', 'sí', 'x', ' on ']],
  [false, ['0', '0.0', 'no', 'N', 'False', 'f', 'nein', 'non', 'não', 'off']],
])('%p is written in many ways', (flag, texts) => {
  expect(texts.map(readFlag)).toEqual(texts.map(() => flag));
});

test.each(['', '2', 'maybe', 'truee'])('%p is neither yes nor no', (text) => {
  expect(flagOf(text)).toBeUndefined();
  expect(() => readFlag(text)).toThrow(ValueFault);
  expect(() => readFlag(text)).toThrow(`expected yes or no (1 or 0, true or false), got '${text}'`);
});

test.each<[string, string]>([
  ['A red mug', 'A red mug'],
  [' A  red\n mug\u00a0', 'A red mug'],
  ['<p>A <b>mug</b> for the home.</p>\n<ul><li>Dishwasher&nbsp;safe</li><li>Red</li></ul>', 'A mug for the home. Dishwasher safe Red'], // prettier-ignore
  ['m<b>ug</b>s<br/>and<br>more', 'mugs and more'],
  ['caf&eacute; &#8364;5 &#x20AC;6 &copy 2024 AT&T', 'café €5 €6 © 2024 AT&T'],
  ['<style>p{color:red}</style><script>if (a<b) {}</script>text', 'text'],
  ['<!-- a > b -->text<!-- open', 'text'],
  ['<a href="x>y" title=\'a>b\'>link</a>', 'link'],
  ["<p title=it's>text</p>", 'text'],
  ['size < 5 and > 3, I <3 it, a<b', 'size < 5 and > 3, I <3 it, a<b'],
  ['<unclosed', '<unclosed'],
  ['&lt;p&gt;Escaped &amp;amp; more&lt;/p&gt;', 'Escaped & more'],
  ['&amp;lt;', '&lt;'],
  ['soft\u00adhyphen zero\u200bwidth', 'softhyphen zerowidth'],
  ['<table><tr><td>a</td><td>b</td></tr></table>', 'a b'],
  ['<script>never closed', ''],
  ['红色<b>杯子</b>', '红色杯子'],
  ['', ''],
])('the text of %p is %p', (html, text) => {
  expect(plainText(html)).toBe(text);
});

test('long input that is no HTML takes no time', () => {
  const started = performance.now();
  for (const piece of ['<a "', '<', '&', '<!--', '<script>', '<p a="', '<p a=">', '<p>']) {
    plainText(piece.repeat(50_000));
    plainText(`${piece.repeat(50_000)}>`);
  }
  expect(performance.now() - started).toBeLessThan(10_000);
});
