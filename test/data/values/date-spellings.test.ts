// Every spelling of a date is found from a column of three values, and read.

import { DateDetection } from '../../../src/data/values/date-detection';
import { createDateReader } from '../../../src/data/values/dates';

/** The moments that most spellings below write, in UTC. The last day is over 12. */
const DAYS = ['2024-01-01T00:00:00.000Z', '2024-02-03T00:00:00.000Z', '2024-12-31T00:00:00.000Z'];
const MINUTES = ['2024-01-01T08:09:00.000Z', '2024-02-03T20:09:00.000Z', '2024-12-31T00:15:00.000Z'];
const SECONDS = ['2024-01-01T08:09:39.000Z', '2024-02-03T20:09:05.000Z', '2024-12-31T00:15:00.000Z'];

type Spelling = readonly [format: string, texts: readonly string[], expected: readonly string[]];

const SPELLINGS: readonly Spelling[] = [
  // ISO 8601 and its relatives.
  ['iso', ['2024-01-01', '2024-02-03', '2024-12-31'], DAYS],
  ['iso', ['2024-01-01T08:09', '2024-02-03T20:09', '2024-12-31T00:15'], MINUTES],
  ['iso', ['2024-01-01T08:09:39Z', '2024-02-03T20:09:05Z', '2024-12-31T00:15:00Z'], SECONDS],
  ['iso', ['2024-01-01 08:09:39', '2024-02-03 20:09:05', '2024-12-31 00:15:00'], SECONDS],
  ['iso', ['2024-01-01T08:09:39.123Z', '2024-02-03T20:09:05.9Z', '2024-12-31T00:15:00.000Z'], SECONDS],
  ['iso', ['2024-01-01 08:09:39.123456', '2024-02-03 20:09:05.123456', '2024-12-31 00:15:00.1'], SECONDS],
  ['iso', ['2024-01-01 08:09:39,123', '2024-02-03 20:09:05,1', '2024-12-31 00:15:00,0'], SECONDS],
  ['iso', ['2024-01-01 08:09:39+00', '2024-02-03 21:09:05+01', '2024-12-30 19:15:00-05'], SECONDS],
  ['iso', ['2024-01-01 03:09:39 -0500', '2024-02-03 15:09:05 -0500', '2024-12-30 19:15:00 -0500'], SECONDS],
  ['iso', ['2024-01-01T09:09:39+01:00', '2024-02-03T21:09:05+01:00', '2024-12-31T05:45:00+05:30'], SECONDS],
  ['iso', ['2024-01-01 08:09:39 UTC', '2024-02-03 20:09:05 UTC', '2024-12-31 00:15:00.5 UTC'], SECONDS],
  ['iso', ['2024-01-01T08:09:39', '2024-02-03', '2024-12-31T00:15'], [SECONDS[0], DAYS[1], MINUTES[2]]],
  ['YYYY-M-D', ['2024-1-1', '2024-2-3', '2024-12-31'], DAYS],
  ['YYYYMMDD', ['20240101', '20240203', '20241231'], DAYS],
  ['YYYYMMDDHHmmss', ['20240101080939', '20240203200905', '20241231001500'], SECONDS],
  ['YYYYMMDDHHmm', ['202401010809', '202402032009', '202412310015'], MINUTES],
  ['YYYYMMDDTHHmmssZ', ['20240101T080939Z', '20240203T200905Z', '20241231T001500Z'], SECONDS],
  ['YYYYMMDD HH:mm:ss', ['20240101 08:09:39', '20240203 20:09:05', '20241231 00:15:00'], SECONDS],
  // The year first.
  ['YYYY/MM/DD', ['2024/01/01', '2024/02/03', '2024/12/31'], DAYS],
  ['YYYY/MM/DD HH:mm:ss', ['2024/01/01 08:09:39', '2024/02/03 20:09:05', '2024/12/31 00:15:00'], SECONDS],
  ['YYYY.MM.DD', ['2024.01.01', '2024.02.03', '2024.12.31'], DAYS],
  ['YYYY-MM-DD hh:mm:ss A', ['2024-01-01 08:09:39 AM', '2024-02-03 08:09:05 PM', '2024-12-31 12:15:00 AM'], SECONDS],
  ['YYYY-MMM-DD', ['2024-Jan-01', '2024-Feb-03', '2024-Dec-31'], DAYS],
  ['YYYY[年]M[月]D[日]', ['2024年1月1日', '2024年2月3日', '2024年12月31日'], DAYS],
  ['YYYY-DD-MM', ['2024-01-01', '2024-03-02', '2024-31-12'], DAYS],
  // The day first.
  ['DD.MM.YYYY', ['01.01.2024', '03.02.2024', '31.12.2024'], DAYS],
  ['D.M.YYYY', ['1.1.2024', '3.2.2024', '31.12.2024'], DAYS],
  ['DD.MM.YYYY HH:mm', ['01.01.2024 08:09', '03.02.2024 20:09', '31.12.2024 00:15'], MINUTES],
  ['DD.MM.YYYY HH:mm:ss', ['01.01.2024 08:09:39', '03.02.2024 20:09:05', '31.12.2024 00:15:00'], SECONDS],
  ['DD.MM.YYYY, HH:mm [Uhr]', ['01.01.2024, 08:09 Uhr', '03.02.2024, 20:09 Uhr', '31.12.2024, 00:15 Uhr'], MINUTES],
  ['DD.MM.YYYY HH.mm', ['01.01.2024 08.09', '03.02.2024 20.09', '31.12.2024 00.15'], MINUTES],
  ['DD/MM/YYYY', ['01/01/2024', '03/02/2024', '31/12/2024'], DAYS],
  ['DD-MM-YYYY HH:mm', ['01-01-2024 08:09', '03-02-2024 20:09', '31-12-2024 00:15'], MINUTES],
  ['DD MM YYYY', ['01 01 2024', '03 02 2024', '31 12 2024'], DAYS],
  ['DDMMYYYY', ['01012024', '03022024', '31122024'], DAYS],
  ['HH:mm DD/MM/YYYY', ['08:09 01/01/2024', '20:09 03/02/2024', '00:15 31/12/2024'], MINUTES],
  // The month first.
  ['M/D/YYYY H:mm', ['1/1/2024 8:09', '2/3/2024 20:09', '12/31/2024 0:15'], MINUTES],
  ['MM/DD/YYYY', ['01/01/2024', '02/03/2024', '12/31/2024'], DAYS],
  ['M/D/YYYY h:mm A', ['1/1/2024 8:09 AM', '2/3/2024 8:09 PM', '12/31/2024 12:15 AM'], MINUTES],
  ['M/D/YYYY h:mm:ss A', ['1/1/2024 8:09:39 a.m.', '2/3/2024 8:09:05 p.m.', '12/31/2024 12:15:00 a.m.'], SECONDS],
  ['MM-DD-YYYY', ['01-01-2024', '02-03-2024', '12-31-2024'], DAYS],
  // Names of months.
  ['DD-MMM-YYYY', ['01-Jan-2024', '03-Feb-2024', '31-Dec-2024'], DAYS],
  ['DD-MMM-YY', ['01-JAN-24', '03-FEB-24', '31-DEC-24'], DAYS],
  ['D MMM YYYY', ['1 January 2024', '3 February 2024', '31 December 2024'], DAYS],
  ['MMM D, YYYY', ['Jan 1, 2024', 'Feb 3, 2024', 'Dec 31, 2024'], DAYS],
  ['MMM Do, YYYY h:mm A', ['January 1st, 2024 8:09 AM', 'February 3rd, 2024 8:09 PM', 'December 31st, 2024 12:15 AM'], MINUTES], // prettier-ignore
  ['D. MMM YYYY', ['1. Januar 2024', '3. Februar 2024', '31. Dezember 2024'], DAYS],
  ['D MMM YYYY', ['1 janvier 2024', '3 févr. 2024', '31 décembre 2024'], DAYS],
  ['D [de] MMM [de] YYYY', ['1 de enero de 2024', '3 de febrero de 2024', '31 de diciembre de 2024'], DAYS],
  ['D MMM YYYY', ['1 gennaio 2024', '3 febbraio 2024', '31 dicembre 2024'], DAYS],
  ['D MMM YYYY', ['1 januari 2024', '3 februari 2024', '31 december 2024'], DAYS],
  ['D [de] MMM [de] YYYY', ['1 de janeiro de 2024', '3 de fevereiro de 2024', '31 de dezembro de 2024'], DAYS],
  ['ddd D MMM YYYY', ['lundi 1 janvier 2024', 'samedi 3 février 2024', 'mardi 31 décembre 2024'], DAYS],
  // As programs write them.
  ['ddd, DD MMM YYYY HH:mm:ss Z', ['Mon, 01 Jan 2024 08:09:39 +0000', 'Sat, 03 Feb 2024 21:09:05 +0100', 'Tue, 31 Dec 2024 00:15:00 GMT'], SECONDS], // prettier-ignore
  ['ddd MMM DD YYYY HH:mm:ss Z', ['Mon Jan 01 2024 08:09:39 GMT+0000', 'Sat Feb 03 2024 21:09:05 GMT+0100 (Central European Standard Time)', 'Tue Dec 31 2024 00:15:00 GMT+0000'], SECONDS], // prettier-ignore
  ['ddd MMM D HH:mm:ss YYYY', ['Mon Jan  1 08:09:39 2024', 'Sat Feb  3 20:09:05 2024', 'Tue Dec 31 00:15:00 2024'], SECONDS], // prettier-ignore
  ['DD/MMM/YYYY:HH:mm:ss Z', ['01/Jan/2024:08:09:39 +0000', '03/Feb/2024:20:09:05 +0000', '31/Dec/2024:00:15:00 +0000'], SECONDS], // prettier-ignore
  // Numbers.
  ['epoch-s', ['1704096579', '1706990945', '1735604100'], SECONDS],
  ['epoch-s', ['1704096579.0', '1706990945.5', '1735604100.999'], SECONDS],
  ['epoch-s', ['1.704096579E9', '1.706990945E9', '1.7356041E9'], SECONDS],
  ['epoch-ms', ['1704096579000', '1706990945123', '1735604100000'], SECONDS],
  ['epoch-us', ['1704096579000000', '1706990945000000', '1735604100000000'], SECONDS],
  ['epoch-ns', ['1704096579000000000', '1706990945000000000', '1735604100000000000'], SECONDS],
  ['excel', ['45292', '45325', '45657'], DAYS],
  ['excel', ['45292.33958', '45325.83964', '45657.0104166667'], ['2024-01-01T08:09:00.000Z', '2024-02-03T20:09:05.000Z', MINUTES[2]]], // prettier-ignore
  // Two digits of the year, where other readings make no sense.
  ['DD/MM/YY', ['01/01/24', '03/02/24', '31/12/24'], DAYS],
];

test('there are more spellings here than the thirty-six that were asked for', () => {
  expect(new Set(SPELLINGS.map(([, [text]]) => text)).size).toBeGreaterThan(36);
});

test.each(SPELLINGS)('%s: %p is found and read', (format, texts, expected) => {
  const finding = detect(texts);
  expect(finding).toMatchObject({ format });
  const read = createDateReader(format);
  expect(texts.map((text) => new Date(read(text) * 1_000).toISOString())).toEqual(expected);
  // Blanks around a text make no difference.
  expect(detect(texts.map((text) => ` ${text} `))).toEqual(finding);
  // Nor does their order.
  expect(detect([...texts].reverse())).toEqual(finding);
});

test.each(SPELLINGS)('%s: %p has a time of day, or not', (_format, texts, expected) => {
  const dateOnly = expected.every((moment) => moment.endsWith('T00:00:00.000Z'));
  expect(detect(texts)).toMatchObject({ dateOnly });
});

function detect(texts: readonly string[]): ReturnType<DateDetection['result']> {
  const detection = new DateDetection();
  for (const text of texts) detection.add(text);
  return detection.result();
}
