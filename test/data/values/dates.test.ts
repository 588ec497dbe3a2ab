import { createDateReader } from '../../../src/data/values/dates';
import { ValueFault } from '../../../src/data/values/value-fault';
import { createRandom } from '../../../src/random';

const iso = (seconds: number): string => new Date(seconds * 1_000).toISOString().replace('.000Z', 'Z');

test.each<[string, string]>([
  ['iso', '2024-02-31'],
  ['iso', '2023-02-29'],
  ['iso', '2024-01-01T25:00:00Z'],
  ['iso', '2024-01-01T24:00:00Z'],
  ['iso', '2024-01-01T08:60:00Z'],
  ['iso', '2024-01-01T08:09:60Z'],
  ['iso', '2024-01-01T08:09:39+16:00'],
  ['iso', '0000-00-00 00:00:00'],
  ['iso', '0099-12-31'],
  ['iso', '0100-01-01T00:00:00+01:00'],
  ['iso', '9999-12-31T23:59:59-01:00'],
  ['DD.MM.YYYY', '31.04.2024'],
  ['DD.MM.YYYY', '00.01.2024'],
  ['MM/DD/YYYY', '13/01/2024'],
  ['D MMM YYYY', '1 Foo 2024'],
  ['epoch-s', '1704096579000'],
  ['excel', '9999999'],
])('%s: there is no such time as %s', (format, text) => {
  expect(() => createDateReader(format)(text)).toThrow(
    new RegExp(`^there is no such time as '${text.replace('+', '\\+')}'`),
  );
});

test.each<[string, string, string]>([
  ['iso', '01.02.2024', "expected a date such as 2020-09-22 or 2020-09-22T14:05:00Z, got '01.02.2024'"],
  ['iso', '', "expected a date such as 2020-09-22 or 2020-09-22T14:05:00Z, got ''"],
  ['iso', '2024-01-01x', "got '2024-01-01x'"],
  ['DD.MM.YYYY', '1.2.2024', "expected a date of the form DD.MM.YYYY, got '1.2.2024'"],
  ['h:mm A D.M.YYYY', '13:05 PM 1.2.2024', 'expected a date of the form h:mm A D.M.YYYY'],
  ['epoch-ms', 'soon', "expected a number of seconds or of their parts since 1970, got 'soon'"],
  ['excel', '', "expected a number of days since 1900, got ''"],
])('%s: %p is refused with what was expected', (format, text, message) => {
  expect(() => createDateReader(format)(text)).toThrow(ValueFault);
  expect(() => createDateReader(format)(text)).toThrow(message);
});

test.each(['DD.MM', 'HH:mm', '', 'soon', 'YYYY-MM-DD xx', 'epoch'])('the format %p is refused', (format) => {
  expect(() => createDateReader(format)).toThrow(/^dateFormat: expected iso, epoch-s, .*, got /);
});

test.each<[string, string, string]>([
  ['Do MMMM YYYY', '3rd of May 2024'.replace(' of', ''), '2024-05-03T00:00:00Z'],
  ['YYYY-MM-DDTHH:mm:ss.SSS Z', '2024-05-03T08:09:39.123 +02:00', '2024-05-03T06:09:39Z'],
  ['YYYY-MM-DDTHH:mm:ss.SSS', '2024-05-03T08:09:39', '2024-05-03T08:09:39Z'],
  ['dddd D MMMM YYYY [at] H[h]mm', 'Friday 3 May 2024 at 8h09', '2024-05-03T08:09:00Z'],
  ['DD/MM/YY', '03/05/69', '2069-05-03T00:00:00Z'],
  ['DD/MM/YY', '03/05/70', '1970-05-03T00:00:00Z'],
  ['epoch-s', '-1.5', '1969-12-31T23:59:58Z'],
  ['excel', '45292,5', '2024-01-01T12:00:00Z'],
])('%s reads %p', (format, text, expected) => {
  expect(iso(createDateReader(format)(text))).toBe(expected);
});

describe('times without a zone are of the zone that is given', () => {
  const berlin = createDateReader('iso', 'Europe/Berlin');

  test('in winter, in summer, and around the change', () => {
    const texts = ['2024-01-15 12:00', '2024-07-15 12:00', '2024-03-31 01:59:59', '2024-03-31 03:00:00'];
    expect(texts.map((text) => iso(berlin(text)))).toEqual([
      '2024-01-15T11:00:00Z',
      '2024-07-15T10:00:00Z',
      '2024-03-31T00:59:59Z',
      '2024-03-31T01:00:00Z',
    ]);
  });

  test('a time that the clock skips is refused', () => {
    expect(() => berlin('2024-03-31 02:30:00')).toThrow(
      "there is no such time in Europe/Berlin, since the clock went forward: '2024-03-31 02:30:00'",
    );
  });

  test('a time that the clock shows twice is the first one', () => {
    expect(iso(berlin('2024-10-27 02:30:00'))).toBe('2024-10-27T00:30:00Z');
    expect(iso(berlin('2024-10-27 03:00:00'))).toBe('2024-10-27T02:00:00Z');
  });

  test('a zone in the text counts more, and a day is a day everywhere', () => {
    expect(iso(berlin('2024-07-15 12:00Z'))).toBe('2024-07-15T12:00:00Z');
    expect(iso(berlin('2024-07-15'))).toBe('2024-07-15T00:00:00Z');
    expect(iso(createDateReader('epoch-s', 'Asia/Tokyo')('1704096579'))).toBe('2024-01-01T08:09:39Z');
    expect(iso(createDateReader('excel', 'Asia/Tokyo')('45292.5'))).toBe('2024-01-01T03:00:00Z');
  });

  test.each(['Europe/Berlin', 'America/Sao_Paulo', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Africa/Casablanca'])(
    'in %s what the clock shows at random moments leads back to them',
    (zone) => {
      const random = createRandom(2);
      const clock = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium', timeZone: zone });
      const read = createDateReader('iso', zone);
      for (let i = 0; i < 3_000; i++) {
        const second = 1_000_000_000 + random.int(800_000_000);
        const text = clock.format(second * 1_000);
        const found = read(text);
        // In the hour that comes twice, the first one is meant.
        expect(clock.format(found * 1_000)).toBe(text);
        expect(found === second || (found < second && second - found <= 3_600)).toBe(true);
      }
    },
  );

  test('a zone that does not exist is refused', () => {
    expect(() => createDateReader('iso', 'Europe/Berlino')).toThrow(
      "zone: expected the name of a time zone such as Europe/Berlin or UTC, got 'Europe/Berlino'",
    );
  });
});

test('days from the year 100 to 9999 are those of Date', () => {
  const random = createRandom(4);
  const read = createDateReader('iso');
  for (let i = 0; i < 20_000; i++) {
    const date = new Date(Date.UTC(100, 0, 1) + random.next() * (Date.UTC(9999, 11, 31) - Date.UTC(100, 0, 1)));
    const text = date.toISOString();
    expect(read(text)).toBe(Math.floor(date.getTime() / 1_000));
    expect(read(text.slice(0, 10))).toBe(Date.parse(text.slice(0, 10)) / 1_000);
  }
});

test('the same text in a row is read once, and a fault does not stay', () => {
  const read = createDateReader('iso');
  expect(read('2024-01-01')).toBe(read('2024-01-01'));
  expect(() => read('x')).toThrow();
  expect(() => read('x')).toThrow();
  expect(iso(read('2024-01-01'))).toBe('2024-01-01T00:00:00Z');
});
