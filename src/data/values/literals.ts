// Reads values as JSON and Python write them: 'a', "b", 1.50, None, True, [..], (..), {..}. Numbers
// stay as written, since ids such as 17000.0 or 12345678901234567890 change as numbers.

/** A number as written. */
export class NumberText {
  constructor(readonly text: string) {}
}

export type Literal = null | boolean | string | NumberText | Literal[] | ReadonlyMap<string, Literal>;

/** Returns undefined if the text is not one value. */
export function parseLiteral(text: string): Literal | undefined {
  try {
    const parser = new Parser(text);
    const value = parser.value(0);
    parser.end();
    return value;
  } catch (thrown) {
    if (thrown instanceof NoLiteral) return undefined;
    throw thrown;
  }
}

/** The value as the text of a cell: lists and objects as JSON, null as ''. */
export function cellText(value: Literal): string {
  if (value === null) return '';
  return typeof value === 'string' ? value : json(value);
}

function json(value: Literal): string {
  if (value instanceof NumberText) return value.text;
  if (Array.isArray(value)) return `[${value.map(json).join(',')}]`;
  if (value instanceof Map) {
    return `{${Array.from(value as ReadonlyMap<string, Literal>, ([key, item]) => `${JSON.stringify(key)}:${json(item)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

class NoLiteral extends Error {}

/** Deeper values are refused, since the stack has an end. */
const DEEPEST = 100;
const CLOSING: Readonly<Record<string, string>> = { '[': ']', '(': ')', '{': '}' };
const WORDS: ReadonlyMap<string, null | boolean> = new Map([
  ...['null', 'None', 'NaN', 'nan', 'Infinity', '-Infinity', 'inf', '-inf', 'undefined'].map(
    (word) => [word, null] as const,
  ),
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
]);
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', '0': '\0', '\n': '' };

class Parser {
  private at = 0;

  constructor(private readonly text: string) {}

  value(depth: number): Literal {
    if (depth > DEEPEST) throw new NoLiteral();
    this.blanks();
    const character = this.text[this.at];
    if (character in CLOSING) return character === '{' ? this.braces(depth) : this.items(CLOSING[character], depth);
    if (/["']/.test(character)) return this.quoted();
    // Python's prefixes of strings.
    const prefix = this.match(/[urbURB](?=["'])/y);
    if (prefix !== undefined) return this.quoted();
    const number = this.match(/[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])/y);
    if (number !== undefined) return new NumberText(number);
    const word = WORDS.get(this.match(/-?[A-Za-z]+/y) ?? '');
    if (word === undefined) throw new NoLiteral();
    return word;
  }

  end(): void {
    this.blanks();
    if (this.at < this.text.length) throw new NoLiteral();
  }

  /** Items up to the closing bracket. NumPy writes blanks between them instead of commas. */
  private items(closing: string, depth: number): Literal[] {
    const items: Literal[] = [];
    this.at++;
    for (;;) {
      this.blanks();
      if (this.take(closing)) return items;
      items.push(this.value(depth + 1));
      const blank = this.blanks();
      if (this.take(closing)) return items;
      if (!this.take(',') && !blank) throw new NoLiteral();
    }
  }

  /** An object, or a set, which becomes a list. */
  private braces(depth: number): Literal {
    const start = this.at;
    const object = new Map<string, Literal>();
    this.at++;
    for (;;) {
      this.blanks();
      if (this.take('}')) return object;
      const key = this.value(depth + 1);
      this.blanks();
      if (!this.take(':')) {
        if (object.size > 0) throw new NoLiteral();
        this.at = start;
        return this.items('}', depth);
      }
      object.set(cellText(key), this.value(depth + 1));
      this.blanks();
      if (this.take('}')) return object;
      if (!this.take(',')) throw new NoLiteral();
    }
  }

  private quoted(): string {
    const quote = this.text[this.at++];
    let value = '';
    for (;;) {
      const character = this.text[this.at++];
      if (character === undefined) throw new NoLiteral();
      if (character === quote) return value;
      value += character === '\\' ? this.escape() : character;
    }
  }

  private escape(): string {
    const code = this.match(/u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|U[0-9a-fA-F]{8}/y);
    if (code !== undefined) {
      const point = Number.parseInt(code.slice(1), 16);
      if (point > 0x10ffff) throw new NoLiteral();
      return String.fromCodePoint(point);
    }
    const character = this.text[this.at++] ?? '';
    if (Object.hasOwn(ESCAPES, character)) return ESCAPES[character];
    return /["'\\/]/.test(character) ? character : `\\${character}`;
  }

  private blanks(): boolean {
    const start = this.at;
    while (this.text.charCodeAt(this.at) <= 0x20) this.at++;
    return this.at > start;
  }

  private take(character: string): boolean {
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  private match(expression: RegExp): string | undefined {
    expression.lastIndex = this.at;
    const found = expression.exec(this.text)?.[0];
    this.at += found?.length ?? 0;
    return found;
  }
}
