// Finds circular imports, including imports of types. In a circle every module reaches every other
// module through imports.

import type { Module } from './modules';

type Imports = Pick<Module, 'path' | 'imports'>;

export function importCircles(modules: readonly Imports[]): string[] {
  const graph = graphOf(modules);
  return components(graph)
    .filter((members) => members.length > 1 || graph.get(members[0])?.includes(members[0]))
    .map((members) => [...members].sort().join(' '))
    .sort()
    .map((name) => `${name.split(' ').length} modules: ${name}`);
}

/** Maps each module to the listed modules that it imports. */
function graphOf(modules: readonly Imports[]): ReadonlyMap<string, readonly string[]> {
  const paths = new Set(modules.map(({ path }) => path));
  const find = (target: string): string[] =>
    ['', '.ts', '.tsx', '/index.ts'].map((ending) => target + ending).filter((path) => paths.has(path));
  return new Map(modules.map(({ path, imports }) => [path, imports.flatMap(find)]));
}

/** Finds the strongly connected components with Tarjan's algorithm. */
function components(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const found: string[][] = [];
  const low = (path: string): number => lowest.get(path) ?? Infinity;
  const visit = (path: string): void => {
    order.set(path, order.size);
    lowest.set(path, order.size - 1);
    open.push(path);
    for (const next of graph.get(path) ?? []) {
      if (!order.has(next)) visit(next);
      if (open.includes(next)) lowest.set(path, Math.min(low(path), low(next)));
    }
    if (low(path) === order.get(path)) found.push(open.splice(open.indexOf(path)));
  };
  for (const path of graph.keys()) if (!order.has(path)) visit(path);
  return found;
}
