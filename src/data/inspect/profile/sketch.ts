// Counts the different values of a column in little memory: it keeps the values with the smallest
// hashes, and how often each of them came. The same values of two columns have the same hashes, so
// two sketches tell how much of one column is in the other.

/** As many values are kept. Columns with fewer are counted exactly. */
const KEPT = 4_096;
/** Longer values are told apart by their beginnings. */
const LONGEST = 256;

export class Sketch {
  private readonly kept = new Map<string, number>();
  /** Values with hashes from here on are not kept. */
  private limit = 2 ** 32;
  private sorted: ReadonlyMap<string, number> | undefined;

  add(value: string): void {
    const text = value.length > LONGEST ? value.slice(0, LONGEST) : value;
    const count = this.kept.get(text);
    if (count !== undefined) this.kept.set(text, count + 1);
    else if (this.limit === 2 ** 32 || hashOf(text) < this.limit) {
      this.kept.set(ownCopy(text), 1);
      if (this.kept.size > 2 * KEPT) this.shrink();
    }
    this.sorted = undefined;
  }

  private shrink(): void {
    const hashes = [...this.kept.keys()].map(hashOf).sort((a, b) => a - b);
    this.limit = hashes[KEPT];
    for (const text of this.kept.keys()) if (hashOf(text) >= this.limit) this.kept.delete(text);
  }

  /** Whether all values are kept. */
  get complete(): boolean {
    return this.limit === 2 ** 32;
  }

  /** The number of different values; an estimate if there are many. */
  get distinct(): number {
    return this.complete ? this.kept.size : Math.round((this.kept.size / this.limit) * 2 ** 32);
  }

  /** The kept values and how often each came, the most frequent first. */
  get values(): ReadonlyMap<string, number> {
    return (this.sorted ??= new Map([...this.kept].sort((a, b) => b[1] - a[1])));
  }

  /** The share of the different values that came once, 0 to 1. */
  get single(): number {
    let once = 0;
    for (const count of this.kept.values()) if (count === 1) once++;
    return this.kept.size === 0 ? 0 : once / this.kept.size;
  }

  /**
   * The share of this column's different values that `other` has, 0 to 1. `spell` writes a value in
   * the other column's form. Undefined if too few values can be compared.
   */
  within(other: Sketch, spell: (value: string) => string = (value) => value): number | undefined {
    let compared = 0;
    let found = 0;
    for (const value of this.kept.keys()) {
      const own = spell(value);
      // Values that the other column would not have kept say nothing.
      if (!other.complete && hashOf(own) >= other.limit) continue;
      compared++;
      if (other.kept.has(own)) found++;
    }
    return compared < Math.min(FEWEST, this.kept.size) || compared === 0 ? undefined : found / compared;
  }
}

const FEWEST = 8;

/** A part of a text keeps all of the text in memory, which may be a file's whole block. */
function ownCopy(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le');
}

/** FNV-1a with a final mix, as a number from 0 to 2^32 − 1. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
