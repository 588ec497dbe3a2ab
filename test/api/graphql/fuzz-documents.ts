// Random documents over the schema of fuzz-schema.ts, and values for their variables.

import { hash, type Random } from '../../../src/random';

/** Variables with their types and with values for requests. Some values are wrong. */
const VARIABLES: Readonly<Record<string, { readonly type: string; readonly values: readonly unknown[] }>> = {
  a: { type: 'Boolean!', values: [true, false, true, false, true, false, true, false, null, 'yes'] },
  b: { type: 'Boolean! = true', values: [true, false, undefined] },
  c: { type: 'Boolean = false', values: [true, false, undefined, true, false, undefined, null] },
  text: { type: 'String', values: ['x', '', 'ü"\\\u2028', null, undefined] },
  n: { type: 'Int', values: [1, 0, undefined, null] },
  m: { type: 'Int! = 7', values: [1, 2, undefined] },
  share: { type: 'Float = 0.75', values: [1, 0.5, null, undefined] },
  kind: { type: 'Kind = THREE', values: ['ONE', 'TWO', null, undefined] },
  ids: { type: '[ID!] = ["1", 12345678901234567890]', values: [[1, 'two'], 'one', [], null, undefined] },
  filter: {
    type: 'Filter = { least: 2 }',
    values: [{}, { ids: 3 }, { kind: 'TWO', least: null }, null, undefined, { no: 1 }],
  },
};
const DIRECTIVES = ['', '', '', '@include(if: true)', '@skip(if: true)', '@include(if: false)', '@skip(if: false)'];
const CONDITIONS = ['$a', '$b', '$c', 'true', 'false'];
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  text: ['$text', '"literal"', 'null'],
  n: ['$n', '5'],
  m: ['$m', '$n', '6'],
  share: ['$share', '1e3', '2'],
  kind: ['$kind', 'ONE'],
  ids: ['$ids', '[1, "b"]', '7'],
  filter: ['$filter', '{ ids: $ids, least: $share }', '{ note: $text, kind: TWO }'],
};
const COMPOSITE = ['node', 'pet', 'pets', 'nodes', 'cat', 'mustDog'] as const;
const TYPE_OF = { node: 'Node', pet: 'AnyPet', pets: 'AnyPet', nodes: 'Node', cat: 'Cat', mustDog: 'Dog' } as const;
type TypeName = 'Query' | 'Node' | 'AnyPet' | 'Cat' | 'Dog';

export interface FuzzDocument {
  readonly text: string;
  readonly operations: readonly { readonly name: string; readonly variables: readonly string[] }[];
}

interface Piece {
  readonly text: string;
  readonly uses: ReadonlySet<string>;
}

/**
 * Makes a document of one or two operations and up to three fragments. Most documents are valid.
 */
export function randomDocument(random: Random): FuzzDocument {
  const fragments: { readonly name: string; readonly on: TypeName; readonly piece: Piece }[] = [];

  function selections(type: TypeName, depth: number, uses: Set<string>): string {
    const count = 1 + random.int(3);
    const parts = Array.from({ length: count }, () => {
      const chance = random.next();
      const spreadable = fragments.filter(({ on }) => on === type || type !== 'Query' || on === 'Query');
      if (chance < 0.2 && spreadable.length > 0) {
        const { name, piece } = pick(random, spreadable);
        for (const used of piece.uses) uses.add(used);
        return `...${name}${directives(random, uses)}`;
      }
      if (chance < 0.35 && depth > 0) {
        const on = type === 'Query' ? type : pick(random, ['Node', 'AnyPet', 'Cat', 'Dog', type] as const);
        const condition = random.next() < 0.4 ? '' : ` on ${on}`;
        const inner = selections(condition === '' ? type : on, depth - 1, uses);
        return `...${condition}${directives(random, uses)} { ${inner} }`;
      }
      if (chance < 0.65 && depth > 0 && type !== 'AnyPet') {
        const name = pick(random, COMPOSITE);
        const inner = selections(TYPE_OF[name], depth - 1, uses);
        return `${pick(random, ['', '', `my${name}: `])}${name}${directives(random, uses)} { ${inner} }`;
      }
      return `${leaf(random, type, uses)}${directives(random, uses)}`;
    });
    return parts.join(' ');
  }

  for (let i = random.int(4); i > 0; i--) {
    const on = pick(random, ['Query', 'Node', 'AnyPet', 'Cat', 'Dog', 'Cat', 'Dog'] as const);
    const uses = new Set<string>();
    const text = selections(on, 1, uses);
    fragments.push({ name: `F${i}`, on, piece: { text: `fragment F${i} on ${on} { ${text} }`, uses } });
  }
  const operations = Array.from({ length: random.next() < 0.3 ? 2 : 1 }, (_, i) => {
    const uses = new Set<string>();
    const body = selections('Query', 2, uses);
    const variables = Object.keys(VARIABLES).filter((name) => uses.has(name));
    const declared = variables.map((name) => `$${name}: ${VARIABLES[name].type}`).join(', ');
    return { name: `Q${i}`, variables, text: `query Q${i}${declared ? `(${declared})` : ''} { ${body} }` };
  });
  // An unused fragment would make the document invalid.
  const used = operations.map(({ text }) => text).join(' ');
  const reached = new Set<string>();
  const reach = (text: string): void => {
    for (const { name, piece } of fragments) {
      if (reached.has(name) || !new RegExp(`\\.\\.\\.${name}\\b`).test(text)) continue;
      reached.add(name);
      reach(piece.text);
    }
  };
  reach(used);
  const kept = fragments.filter(({ name }) => reached.has(name)).map(({ piece }) => piece.text);
  return { text: [...operations.map(({ text }) => text), ...kept].join('\n'), operations };
}

function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[random.int(items.length)];
}

function directives(random: Random, uses: Set<string>): string {
  if (random.next() < 0.6) return '';
  if (random.next() < 0.5) return ` ${pick(random, DIRECTIVES)}`;
  const first = pick(random, CONDITIONS);
  const second = random.next() < 0.2 ? pick(random, CONDITIONS) : undefined;
  for (const condition of [first, second]) if (condition?.startsWith('$')) uses.add(condition.slice(1));
  const skipFirst = random.next() < 0.5;
  const one = `@${skipFirst ? 'skip' : 'include'}(if: ${first})`;
  return second === undefined ? ` ${one}` : ` ${one} @${skipFirst ? 'include' : 'skip'}(if: ${second})`;
}

function leaf(random: Random, type: TypeName, uses: Set<string>): string {
  const names = ['__typename'];
  if (type !== 'AnyPet') names.push('echo', 'echo', 'must', 'kind');
  if (type !== 'AnyPet' && type !== 'Query') names.push('id', 'plain', 'plain');
  if (type === 'Cat') names.push('purrs');
  if (type === 'Dog') names.push('barks');
  const name = pick(random, names);
  if (name !== 'echo' && name !== 'must') return `${pick(random, ['', `${name}_: `, `x${name}: `])}${name}`;
  const given = Object.keys(ARGUMENTS).filter(() => random.next() < 0.2);
  const values = given.map((argument) => pick(random, ARGUMENTS[argument]));
  const args = given.map((argument, i) => `${argument}: ${values[i]}`);
  for (const [, used] of args.join(' ').matchAll(/\$(\w+)/g)) uses.add(used);
  // Uses of a field with the same arguments share an alias, so that they can be merged.
  const alias = args.length === 0 ? '' : `${name}${hash(7, args) >>> 0}: `;
  return `${alias}${name}${args.length > 0 ? `(${args.join(', ')})` : ''}`;
}

/** Makes values for the variables of an operation. A few values are missing or wrong. */
export function randomVariables(names: readonly string[], random: Random): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const name of names) {
    const { values: choices } = VARIABLES[name];
    const value = choices[random.int(choices.length)];
    if (value !== undefined) values[name] = value;
  }
  return values;
}
