// Chooses the columns that are worth learning: those that group the rows, each grouping once, and
// the most useful ones if there are many.

/** Facts of a column, counted over all rows. */
export interface ColumnFacts {
  readonly name: string;
  /** A declared column of the store, which is learnt if it repeats any value. */
  readonly declared: boolean;
  /** Number of rows with a value. */
  readonly known: number;
  /** [values] the number of rows with each value; undefined for numbers. */
  readonly counts: ReadonlyMap<string, number> | undefined;
  /** [sampled rows] the group of each row: rows with equal values share one, 0 is no value. */
  readonly groups: Int32Array;
}

export interface Choice {
  /** Names of the columns that are learnt, in the given order. */
  readonly chosen: ReadonlySet<string>;
  /** Columns that group the rows like a chosen one: [column, chosen column]. */
  readonly aliases: readonly (readonly [string, string])[];
  /** Columns that are left out because there are too many, the most useful first. */
  readonly leftOut: readonly string[];
}

/** Maximum number of columns. Models and each request take time in proportion to it. */
export const MOST_COLUMNS = 40;

/** Less than this many bits are rounding errors. */
const EPSILON = 1e-9;

/**
 * Columns that group the rows alike are learnt by a declared column, else by the finest one: names
 * are less unique than numbers.
 * @param rows the number of all rows
 */
export function chooseColumns(columns: readonly ColumnFacts[], rows: number, most = MOST_COLUMNS): Choice {
  const told = columns
    .filter((column) => column.declared || repeats(column))
    .map((column) => ({ column, bits: entropy(sizesOf(column.groups)) }))
    // A column with one value in all rows tells nothing apart.
    .filter(({ bits }) => bits > EPSILON)
    .sort((a, b) => Number(b.column.declared) - Number(a.column.declared) || finer(a, b));
  const distinct: typeof told = [];
  const aliases: [string, string][] = [];
  for (const { column, bits } of told) {
    const twin = distinct.find((other) => groupAlike(column.groups, bits, other.column.groups, other.bits));
    if (twin) aliases.push([column.name, twin.column.name]);
    else distinct.push({ column, bits });
  }
  const ranked = distinct
    .map(({ column }) => ({ ...column, use: usefulness(column, rows) }))
    .sort((a, b) => Number(b.declared) - Number(a.declared) || b.use - a.use || (a.name < b.name ? -1 : 1));
  const chosen = new Set(ranked.slice(0, most).map(({ name }) => name));
  return {
    chosen,
    aliases: aliases.filter(([, name]) => chosen.has(name)),
    leftOut: ranked.slice(most).map(({ name }) => name),
  };
}

type Told = { readonly column: ColumnFacts; readonly bits: number };

/** Declared columns keep their order. */
function finer(a: Told, b: Told): number {
  if (a.column.declared) return 0;
  return b.bits - a.bits || (a.column.name < b.column.name ? -1 : 1);
}

/**
 * Whether at least half of a column's values are shared with another row. Identifiers have nearly
 * as many values as there are rows, and say nothing about other rows.
 */
function repeats({ counts }: ColumnFacts): boolean {
  if (!counts) return true;
  let [shared, all] = [0, 0];
  for (const count of counts.values()) {
    all += count;
    if (count > 1) shared += count;
  }
  return 2 * shared >= all;
}

/** The bits that a column tells about a row, at most those of the buckets of a number. */
function usefulness({ counts, known, groups }: ColumnFacts, rows: number): number {
  const share = known / Math.max(1, rows);
  if (!counts) return share * Math.min(NUMBER_BITS, entropy(sizesOf(groups, 1)));
  return share * entropy(counts.values());
}

/** Numbers are learnt in sixteen buckets. */
const NUMBER_BITS = 4;

/**
 * Columns whose groups differ by less than this share of what both tell together are alike: a
 * number and its name, for instance, where some numbers share one name. H&M's numbers and names of
 * departments differ by .06; columns of which one is a level above the other by .15 and more.
 */
const ALIKE = 0.1;

/**
 * Whether two columns group the rows nearly alike, by the variation of information of their groups
 * (Meilă, 2007). `bits` are the entropies of the groups.
 */
function groupAlike(one: Int32Array, oneBits: number, other: Int32Array, otherBits: number): boolean {
  // The joint entropy is at least the larger one of both. Most pairs are told apart by that.
  if (Math.abs(oneBits - otherBits) > ALIKE * Math.max(oneBits, otherBits)) return false;
  const joint = new Map<number, number>();
  const width = 2 ** 26;
  one.forEach((group, r) => {
    const both = group * width + other[r];
    joint.set(both, (joint.get(both) ?? 0) + 1);
  });
  const jointBits = entropy(joint.values());
  return 2 * jointBits - oneBits - otherBits <= ALIKE * jointBits;
}

/** The number of rows of each group, without the groups below `from`. */
function sizesOf(groups: Int32Array, from = 0): Iterable<number> {
  const sizes = new Map<number, number>();
  for (const group of groups) if (group >= from) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  return sizes.values();
}

/** The entropy in bits of a distribution that is given by counts. */
export function entropy(counts: Iterable<number>): number {
  let [sum, weighted] = [0, 0];
  for (const count of counts) {
    sum += count;
    weighted += count * Math.log2(count);
  }
  return sum === 0 ? 0 : Math.log2(sum) - weighted / sum;
}

/** Maximum number of rows whose groups are compared. */
const SAMPLE = 2 ** 16;

/**
 * Keeps the groups of some columns for rows that are spread evenly over a stream of any length:
 * every row at first, then every second, fourth, …
 */
export class GroupSample {
  #stride = 1;
  #seen = 0;
  #kept = 0;
  readonly #columns = new Map<string, { readonly numbers: Map<string, number>; groups: Int32Array }>();

  /** @param size the largest number of rows, which must be even */
  constructor(private readonly size = SAMPLE) {}

  /** Begins the next row. @returns whether the row belongs to the sample */
  next(): boolean {
    const belongs = this.#seen % this.#stride === 0;
    this.#seen += 1;
    if (!belongs) return false;
    if (this.#kept === this.size) this.#halve();
    // After halving, this row may no longer be one that the longer stride meets.
    if ((this.#seen - 1) % this.#stride !== 0) return false;
    this.#kept += 1;
    return true;
  }

  /** Notes the value of a column in the current row, which belongs to the sample. */
  put(column: string, value: string): void {
    let known = this.#columns.get(column);
    if (!known) this.#columns.set(column, (known = { numbers: new Map(), groups: new Int32Array(0) }));
    if (known.groups.length < this.#kept) {
      const more = new Int32Array(Math.min(this.size, Math.max(1024, 2 * this.#kept)));
      more.set(known.groups);
      known.groups = more;
    }
    let number = known.numbers.get(value);
    if (number === undefined) known.numbers.set(value, (number = known.numbers.size + 1));
    known.groups[this.#kept - 1] = number;
  }

  /** [sampled rows] the group of each row by a column, 0 if it has no value. */
  groupsOf(column: string): Int32Array {
    const groups = new Int32Array(this.#kept);
    const known = this.#columns.get(column)?.groups;
    if (known) groups.set(known.subarray(0, this.#kept));
    return groups;
  }

  #halve(): void {
    this.#stride *= 2;
    this.#kept = this.#kept / 2;
    for (const { groups } of this.#columns.values()) {
      for (let r = 0; r < this.#kept; r++) groups[r] = 2 * r < groups.length ? groups[2 * r] : 0;
      groups.fill(0, this.#kept);
    }
  }
}
