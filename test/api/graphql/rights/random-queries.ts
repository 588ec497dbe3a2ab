// Random queries over the real schema, with aliases, fragments, conditions and several operations,
// and the paths of the fields that they read.

import { getNamedType, isObjectType, type GraphQLObjectType, type GraphQLSchema } from 'graphql';
import type { Random } from '../../../../src/random';
import { argumentsOf, type Step } from './plain-queries';

export interface RandomQuery {
  readonly text: string;
  /** The path of every field, whichever condition it has. */
  readonly paths: readonly (readonly Step[])[];
}

const DEPTH = 4;

interface Fragment {
  readonly name: string;
  readonly on: GraphQLObjectType;
  readonly text: string;
  /** Paths below the fragment's type. */
  readonly paths: readonly (readonly Step[])[];
  /** Names of the fragments that it spreads, at any depth. */
  readonly uses: readonly string[];
}

export function randomQuery(schema: GraphQLSchema, random: Random): RandomQuery {
  const fragments: Fragment[] = [];
  const used = new Set<string>();
  let aliases = 0;

  function selection(type: GraphQLObjectType, depth: number): { text: string; paths: Step[][] } {
    const parts: string[] = [];
    const paths: Step[][] = [];
    for (let count = 1 + random.int(3); count > 0; count--) {
      const fitting = fragments.filter(({ on }) => on === type);
      if (fitting.length > 0 && random.next() < 0.3) {
        const fragment = fitting[random.int(fitting.length)];
        parts.push(`...${fragment.name}${condition(random)}`);
        paths.push(...fragment.paths.map((path) => [...path]));
        for (const name of [fragment.name, ...fragment.uses]) used.add(name);
      } else if (random.next() < 0.15) {
        const inner = selection(type, depth);
        parts.push(`...${random.next() < 0.5 ? '' : ` on ${type.name}`}${condition(random)} { ${inner.text} }`);
        paths.push(...inner.paths);
      } else {
        const one = field(type, depth);
        parts.push(one.text);
        paths.push(...one.paths);
      }
    }
    return { text: parts.join(' '), paths };
  }

  function field(type: GraphQLObjectType, depth: number): { text: string; paths: Step[][] } {
    const all = Object.values(type.getFields());
    const shallow = all.filter((one) => !isObjectType(getNamedType(one.type)));
    const from = depth > 0 || shallow.length === 0 ? all : shallow;
    const chosen = from[random.int(from.length)];
    const step = { type: type.name, field: chosen.name };
    // Every field has its own alias, so that no two fields are to be merged.
    const head = `a${aliases++}: ${chosen.name}${argumentsOf(type.name, chosen)}${condition(random)}`;
    const below = getNamedType(chosen.type);
    if (!isObjectType(below)) return { text: head, paths: [[step]] };
    if (depth <= 0) return { text: `${head} { __typename }`, paths: [[step]] };
    const inner = selection(below, depth - 1);
    return { text: `${head} { ${inner.text} }`, paths: [[step], ...inner.paths.map((path) => [step, ...path])] };
  }

  const types = Object.values(schema.getTypeMap()).filter(
    (type): type is GraphQLObjectType => isObjectType(type) && !type.name.startsWith('__') && type.name !== 'Mutation',
  );
  for (let count = random.int(4); count > 0; count--) {
    const on = types[random.int(types.length)];
    used.clear();
    const { text, paths } = selection(on, DEPTH - 2);
    fragments.push({ name: `F${fragments.length}`, on, text, paths, uses: [...used] });
  }
  const root = random.next() < 0.9 ? schema.getQueryType() : schema.getMutationType();
  if (!root) throw new Error('expected a root type');
  used.clear();
  const { text, paths } = selection(root, DEPTH);
  // Fragments may use those before them.
  const definitions = fragments
    .filter(({ name }) => used.has(name))
    .map((fragment) => `fragment ${fragment.name} on ${fragment.on.name} { ${fragment.text} }`);
  return { text: [`${root.name === 'Query' ? 'query' : 'mutation'} { ${text} }`, ...definitions].join('\n'), paths };
}

function condition(random: Random): string {
  const chance = random.next();
  if (chance < 0.8) return '';
  return chance < 0.9 ? ' @include(if: true)' : ' @skip(if: true)';
}
