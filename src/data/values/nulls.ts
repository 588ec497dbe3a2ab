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
  const set = new Set(words.map((word) => word.trim()));
  const longest = Math.max(0, ...words.map((word) => word.length));
  return (text) => {
    if (set.has(text)) return true;
    // Only texts with blanks around are worth trimming.
    const short = text.length <= longest || text.charCodeAt(0) <= 0x20 || text.charCodeAt(text.length - 1) <= 0x20;
    return short && set.has(text.trim());
  };
}
