// The words that mean unknown. They differ by case on purpose: "NA" means unknown, "Na" is a name.

/** The default of `nulls` in shop.json. */
const DEFAULT_NULLS: readonly string[] = [
  '',
  ...['NULL', 'Null', 'null', '(null)', '<null>', '[null]', '\\N', 'nil', 'undefined'],
  ...['NA', 'N/A', 'n/a', '<NA>', '#N/A', '#NA', 'None', 'nan', 'NaN', 'NAN', 'NaT'],
  ...['-', '--', '(not set)', '(none)'],
  // A day that MySQL does not know.
  ...['0000-00-00', '0000-00-00 00:00:00', '0000-00-00T00:00:00'],
  ...['#VALUE!', '#REF!', '#DIV/0!', '#NAME?', '#NUM!', '#NULL!'],
];

/** Makes a test for texts that mean unknown: those that are one of the words when trimmed. */
export function isNull(words: readonly string[] = DEFAULT_NULLS): (text: string) => boolean {
  const trimmed = words.map((word) => word.trim());
  const set = new Set(trimmed);
  // Nearly all values begin unlike any of the words. To look up a long text costs a hash of it.
  const begins = new Set(trimmed.map((word) => word.charCodeAt(0)));
  return (text) => {
    const first = text.charCodeAt(0);
    if (first > SPACE && first < NON_ASCII && !begins.has(first)) return false;
    return set.has(text) || set.has(text.trim());
  };
}

/** Characters between these two are never trimmed. */
const SPACE = 0x20;
const NON_ASCII = 0x7f;
