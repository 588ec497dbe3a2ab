// The words of texts in scripts with spaces and without.

import { words } from '../../src/features/words';

describe('the words of a text', () => {
  test('are in lower case, with numbers and without punctuation', () => {
    expect(words('Slim-fit T-Shirt, 100% cotton (5-pack).')).toEqual('slim fit t shirt 100 cotton 5 pack'.split(' '));
  });

  test('are found in any script', () => {
    expect(words('Größe ÉTÉ Платье φόρεμα שמלה ドレス')).toEqual('größe été платье φόρεμα שמלה ドレ レス'.split(' '));
  });

  test('keep the marks of their letters: vowels of Hindi, and separate accents', () => {
    expect(words('हिन्दी कपड़े')).toHaveLength(2);
    expect(words('cafe\u0301')).toEqual(words('caf\u00e9'));
  });

  test('keep joined words whole', () => {
    expect(words('brand_acme brand_Acme')).toEqual(['brand_acme', 'brand_acme']);
  });

  test('are none without letters or digits', () => {
    expect(['', '  ', '…!?', '🙂', '。、「」'].flatMap(words)).toEqual([]);
  });
});

describe('a script that is written without spaces', () => {
  test.each([
    ['Chinese', '红色杯子', '红色 色杯 杯子'],
    ['Japanese in three scripts', '赤いコップ', '赤い いコ コッ ップ'],
    ['a long vowel of Japanese', 'セーター', 'セー ータ ター'],
    ['Thai, whose signs stay with their letters', 'เสื้อ', 'เสื้ สื้อ'],
    ['Lao', 'ເສື້ອ', 'ເສື້ ສື້ອ'],
    ['Khmer', 'អាវ', 'អាវ'],
    ['Burmese', 'အင်္ကျီ', 'အင်္ င်္ကျီ'],
  ])('gives pairs of characters: %s', (_script, text, pairs) => {
    expect(words(text)).toEqual(pairs.split(' '));
  });

  test('keeps a character that stands alone, and what stands between', () => {
    expect(words('碗')).toEqual(['碗']);
    expect(words('棉T恤, 型号A100 (2件)')).toEqual(['棉', 't', '恤', '型号', 'a100', '2', '件']);
  });

  test('is cut at its punctuation', () => {
    expect(words('红色,杯子。碗')).toEqual(['红色', '杯子', '碗']);
  });
});
