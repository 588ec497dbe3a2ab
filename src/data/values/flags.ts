// Reads yes and no.

/** @throws ValueFault */
export function readFlag(text: string): boolean {
  return text === '1';
}
