// The words that mean unknown.

export const DEFAULT_NULLS: readonly string[] = [''];

/** Makes a test for texts that mean unknown. */
export function isNull(words: readonly string[] = DEFAULT_NULLS): (text: string) => boolean {
  return (text) => words.includes(text.trim());
}
