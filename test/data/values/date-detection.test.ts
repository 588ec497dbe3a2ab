import { DateDetection } from '../../../src/data/values/date-detection';
import { createDateReader } from '../../../src/data/values/dates';
import { createRandom } from '../../../src/random';

function detect(...texts: string[]): ReturnType<DateDetection['result']> {
  const detection = new DateDetection();
  for (const text of texts) detection.add(text);
  return detection.result();
}

test.each<[string[], [string, string], string, [string, string]]>([
  [['01/02/2024', '03/03/2024'], ['DD/MM/YYYY', 'MM/DD/YYYY'], '01/02/2024', ['2024-02-01', '2024-01-02']],
  [['05.05.2024', '3.4.2024'], ['D.M.YYYY', 'M.D.YYYY'], '3.4.2024', ['2024-04-03', '2024-03-04']],
  [['1-2-2024 8:09'], ['D-M-YYYY H:mm', 'M-D-YYYY H:mm'], '1-2-2024 8:09', ['2024-02-01', '2024-01-02']],
  [['01022024'], ['DDMMYYYY', 'MMDDYYYY'], '01022024', ['2024-02-01', '2024-01-02']],
  [['24-12-31'], ['DD-MM-YY', 'YY-MM-DD'], '24-12-31', ['2031-12-24', '2024-12-31']],
  [['01/02/03'], ['DD/MM/YY', 'MM/DD/YY'], '01/02/03', ['2003-02-01', '2003-01-02']],
])('%p have two readings, and both are told', (texts, ambiguous, example, readings) => {
  expect(detect(...texts)).toEqual({ ambiguous, example, readings });
});

test('a day over 12 anywhere among many values decides', () => {
  const detection = new DateDetection();
  for (let i = 0; i < 50_000; i++) detection.add(`0${1 + (i % 9)}/0${1 + ((i * 7) % 9)}/2024`);
  expect(detection.result()).toHaveProperty('ambiguous');
  detection.add('01/13/2024');
  expect(detection.result()).toMatchObject({ format: 'MM/DD/YYYY' });
  // One mistake in many does not undo it.
  for (let i = 0; i < 200; i++) detection.add(`02/${13 + (i % 10)}/2024`);
  detection.add('31/01/2024');
  expect(detection.result()).toMatchObject({ format: 'MM/DD/YYYY' });
});

test('days over 12 in both places are no format', () => {
  expect(detect('31/01/2024', '01/31/2024')).toEqual({
    none: 'no order of day, month and year fits all dates',
    example: '31/01/2024',
  });
});

test.each<[string, string[], RegExp]>([
  ['the names of zones', ['2024-01-01 08:09:39 EST', '2024-01-02 08:09:39 PST'], /zone EST is not the same everywhere/],
  ['words', ['hello', 'world'], /no date/],
  ['ids', ['17078', '17013'], /no date/],
  ['prices', ['20.96', '5.00'], /no date/],
  ['weeks', ['2024-W01-1'], /no date/],
  ['two forms', ['2024-01-31', '31.01.2024', '2024-01-30'], /two ways, such as '2024-01-31' and '31.01.2024'/],
  ['nothing', [], /no values/],
])('%s are no dates, with the reason', (_what, texts, none) => {
  expect(detect(...texts)).toMatchObject({ none: expect.stringMatching(none) as string });
});

test('a few mistakes in a column are left to the reader of its rows', () => {
  const days = Array.from({ length: 28 }, (_, i) => `${i + 1}.02.2024`);
  expect(detect(...days, 'unknown', '30.02.2024')).toMatchObject({ format: 'D.MM.YYYY' });
});

test('times that name their zone are told from those that do not', () => {
  expect(detect('2024-01-01T08:09:39Z')).toMatchObject({ zoned: true });
  expect(detect('1704096579')).toMatchObject({ zoned: true });
  expect(detect('2024-01-01 08:09:39')).toMatchObject({ zoned: false });
  expect(detect('2024-01-01')).toMatchObject({ zoned: false, dateOnly: true });
  expect(detect('2024-01-01 00:00:00', '2024-01-02 00:00:00.000')).toMatchObject({ dateOnly: true });
  expect(detect('2024-01-01 00:00:00', '2024-01-02 00:00:01')).toMatchObject({ dateOnly: false });
});

test('what is found reads every moment that was written, in random formats', () => {
  const random = createRandom(17);
  const two = (number: number): string => String(number).padStart(2, '0');
  const writers: ((date: Date) => string)[] = [
    (date) => date.toISOString(),
    (date) => date.toUTCString(),
    (date) => `${two(date.getUTCDate())}.${two(date.getUTCMonth() + 1)}.${date.getUTCFullYear()} ${date.toISOString().slice(11, 19)}`, // prettier-ignore
    (date) =>
      `${date.getUTCMonth() + 1}/${date.getUTCDate()}/${date.getUTCFullYear()} ${date.toISOString().slice(11, 19)}`,
    (date) => `${date.getUTCDate()} ${date.toLocaleString('fr', { month: 'long', timeZone: 'UTC' })} ${date.getUTCFullYear()} ${date.toISOString().slice(11, 19)}`, // prettier-ignore
    (date) => date.toLocaleString('en-US', { timeZone: 'UTC' }),
    (date) => date.toLocaleString('de-DE', { timeZone: 'UTC' }),
    (date) => date.toLocaleString('en-GB', { timeZone: 'UTC' }),
    (date) => String(date.getTime() / 1_000),
    (date) => String(date.getTime()),
  ];
  for (const write of writers) {
    const seconds = Array.from({ length: 300 }, () => 1_000_000_000 + random.int(900_000_000));
    const texts = seconds.map((second) => write(new Date(second * 1_000)));
    const finding = detect(...texts);
    if (!('format' in finding)) throw new Error(`${texts[0]}: ${JSON.stringify(finding)}`);
    expect(texts.map(createDateReader(finding.format))).toEqual(seconds);
  }
});
