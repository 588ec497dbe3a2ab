// Times that are no dates: numbers that count from a day, days of a year that is not written, and
// times of day in a column of their own.

import { secondOfDay } from '../../../src/data/values/calendar';
import { DateDetection } from '../../../src/data/values/date-detection';
import { createDateReader, createDayTimeReader } from '../../../src/data/values/dates';

const iso = (seconds: number): string => new Date(seconds * 1_000).toISOString().replace('.000Z', 'Z');

test.each<[string, string, string]>([
  ['days since 2024-01-01', '0', '2024-01-01T00:00:00Z'],
  ['days since 2024-01-01', '60', '2024-03-01T00:00:00Z'],
  ['Days since 2024-01-01', '1.5', '2024-01-02T12:00:00Z'],
  ['weeks since 2024-01-01', '2', '2024-01-15T00:00:00Z'],
  ['hours since 2024-01-01', '25', '2024-01-02T01:00:00Z'],
  ['seconds since 2024-01-01', '-1', '2023-12-31T23:59:59Z'],
  ['MDD in 2015', '511', '2015-05-11T00:00:00Z'],
  ['MDD in 2015', '1111', '2015-11-11T00:00:00Z'],
  ['DD.MM. in 2015', '24.12.', '2015-12-24T00:00:00Z'],
  ['YYYY-MM-DD HH', '2014-11-26 20', '2014-11-26T20:00:00Z'],
])('%s reads %s', (format, text, expected) => {
  expect(iso(createDateReader(format)(text))).toBe(expected);
});

test('a day with the hour alone is found', () => {
  const detection = new DateDetection();
  for (const text of ['2014-11-26 20', '2014-11-27 03']) detection.add(text);
  expect(detection.result()).toMatchObject({ format: 'YYYY-MM-DD HH', dateOnly: false });
});

test('numbers are refused that are none, and days that are not in the year', () => {
  expect(() => createDateReader('days since 2024-01-01')('soon')).toThrow(
    "expected a number of days since 2024-01-01, got 'soon'",
  );
  expect(() => createDateReader('days since 2024-13-01')).toThrow('there is no such time');
  expect(() => createDateReader('MDD in 2015')('229')).toThrow("there is no such time as '229'");
});

test.each<[string, number]>([
  ['14:05', 50_700],
  ['14:05:30', 50_730],
  ['2:05 PM', 50_700],
  ['12:00 a.m.', 0],
  ['1405', 50_700],
  ['905', 32_700],
  ['5', 300],
  ['140530', 50_730],
  ['14h05', 50_700],
  ['1899-12-30 14:05:00', 50_700],
  ['0.5', 43_200],
])('%s is a time of day', (text, second) => {
  expect(secondOfDay(text)).toBe(second);
});

test.each(['24:00', '14:60', '13:05 PM', '2460', 'noon', '', '-1', '1234567'])('%p is no time of day', (text) => {
  expect(secondOfDay(text)).toBeUndefined();
});

test('a day and its time are read on the clock of the zone, and a day alone is its beginning', () => {
  const read = createDayTimeReader('DD.MM.YYYY', 'Europe/Berlin');
  expect(iso(read('01.07.2024', '14:05'))).toBe('2024-07-01T12:05:00Z');
  expect(iso(read('01.07.2024', ''))).toBe('2024-07-01T00:00:00Z');
  expect(iso(createDayTimeReader('iso')('2024-07-01 00:00:00', '1405'))).toBe('2024-07-01T14:05:00Z');
  expect(() => read('01.07.2024', 'noon')).toThrow("expected a time such as 14:05 or 1405, got 'noon'");
});
