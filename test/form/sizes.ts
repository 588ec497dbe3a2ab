// Checks of sizes (folders, files, functions, parameters), and of mutable state in modules.

import ts from 'typescript';
import type { Module } from './modules';

export const LIMITS = { files: 15, lines: 400, functionLines: 70, parameters: 5 } as const;

/** Finds folders with too many files. Files of subfolders do not count. */
export function fullFolders(paths: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const path of paths) {
    const folder = path.slice(0, path.lastIndexOf('/'));
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return [...counts].filter(([, files]) => files > LIMITS.files).map(([name, files]) => `${name}: ${files} files`);
}

export function longFiles(modules: readonly Module[]): string[] {
  return modules
    .filter(({ lines }) => lines.length > LIMITS.lines)
    .map(({ path, lines }) => `${path}: ${lines.length} lines`);
}

/**
 * Finds long functions. Lines are counted from the first word after the decorators to the end of
 * the function.
 */
export function longFunctions(modules: readonly Module[]): string[] {
  return functionsOf(modules).flatMap(({ module, node, name }) => {
    if (module.path.startsWith('test/') && isTestBody(node)) return [];
    const first = lineOf(module, startOf(node, module.tree));
    const lines = lineOf(module, node.end) - first + 1;
    if (lines <= LIMITS.functionLines) return [];
    return [`${module.path}:${first} ${name}: ${lines} lines`];
  });
}

export function manyParameters(modules: readonly Module[]): string[] {
  return functionsOf(modules).flatMap(({ module, node, name }) => {
    const count = node.parameters.filter((parameter) => parameter.name.getText(module.tree) !== 'this').length;
    if (count <= LIMITS.parameters) return [];
    const line = lineOf(module, startOf(node, module.tree));
    return [`${module.path}:${line} ${name}: ${count} parameters`];
  });
}

/**
 * Finds mutable state that belongs to no object: a `let` at module level, a static property that is
 * not readonly, or a collection that is empty at first and filled later. Test files (`*.test.ts`)
 * are exempt: each runs as a separate program, and hooks set its variables.
 */
export function moduleState(modules: readonly Module[]): string[] {
  return modules
    .filter(({ path }) => !/\.test\.tsx?$/.test(path))
    .flatMap((module) =>
      module.tree.statements.flatMap((statement) => [...changingIn(statement)].map((node) => stateOf(module, node))),
    );
}

function* changingIn(statement: ts.Statement): Generator<ts.VariableDeclaration | ts.PropertyDeclaration> {
  if (ts.isVariableStatement(statement)) {
    const constant = (statement.declarationList.flags & ts.NodeFlags.Const) !== 0;
    for (const declaration of statement.declarationList.declarations) {
      if (!constant || beginsEmpty(declaration.initializer)) yield declaration;
    }
  }
  if (ts.isClassDeclaration(statement)) {
    for (const member of statement.members) {
      if (!ts.isPropertyDeclaration(member)) continue;
      const has = (kind: ts.SyntaxKind): boolean =>
        member.modifiers?.some((modifier) => modifier.kind === kind) ?? false;
      if (!has(ts.SyntaxKind.StaticKeyword)) continue;
      if (!has(ts.SyntaxKind.ReadonlyKeyword) || beginsEmpty(member.initializer)) yield member;
    }
  }
}

function beginsEmpty(value: ts.Expression | undefined): boolean {
  if (value === undefined) return false;
  if (ts.isArrayLiteralExpression(value)) return value.elements.length === 0;
  if (!ts.isNewExpression(value)) return false;
  const collection = value.expression.getText();
  return collection === 'LRUCache' || (/^(Weak)?(Map|Set)$/.test(collection) && !value.arguments?.length);
}

function stateOf(module: Module, node: ts.VariableDeclaration | ts.PropertyDeclaration): string {
  const own = node.name.getText(module.tree);
  const name = ts.isPropertyDeclaration(node) ? `${pathOf(node.parent)}.${own}` : own;
  const line = lineOf(module, node.getStart(module.tree));
  return `${module.path}:${line} ${name}`;
}

interface FunctionIn {
  readonly module: Module;
  readonly node: FunctionWithBody;
  readonly name: string;
}

type FunctionWithBody = ts.FunctionLikeDeclaration & { readonly body: ts.Node };

function functionsOf(modules: readonly Module[]): FunctionIn[] {
  return modules.flatMap((module) => {
    const found: FunctionIn[] = [];
    const visit = (node: ts.Node): void => {
      if (hasBody(node)) found.push({ module, node, name: pathOf(node) });
      ts.forEachChild(node, visit);
    };
    visit(module.tree);
    return found;
  });
}

function hasBody(node: ts.Node): node is FunctionWithBody {
  return ts.isFunctionLike(node) && 'body' in node && node.body !== undefined;
}

/** Whether a function is the body of describe(), test() or test.each(…)(). */
function isTestBody(node: ts.Node): boolean {
  if (!ts.isCallExpression(node.parent)) return false;
  return /^(describe\w*|test|it)\b/.test(node.parent.expression.getText());
}

/** Joins the names from the outermost class or function to a node, as in `openShop.close`. */
function pathOf(node: ts.Node): string {
  const names: string[] = [];
  for (let at = node; !ts.isSourceFile(at); at = at.parent) {
    if (hasBody(at) || ts.isClassLike(at)) names.unshift(ownName(at));
  }
  return names.join('.');
}

function ownName(node: FunctionWithBody | ts.ClassLikeDeclaration): string {
  if (ts.isConstructorDeclaration(node)) return 'constructor';
  if (node.name !== undefined) return node.name.getText();
  const { parent } = node;
  if (ts.isCallExpression(parent)) return `${firstWord(parent.expression.getText())}()`;
  const named = ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) || ts.isPropertyDeclaration(parent);
  return named ? parent.name.getText() : '()';
}

function firstWord(expression: string): string {
  return /^[\w.$]+/.exec(expression)?.[0] ?? '';
}

function startOf(node: FunctionWithBody, tree: ts.SourceFile): number {
  const decorators = ts.canHaveDecorators(node) ? (ts.getDecorators(node) ?? []) : [];
  const last = decorators.at(-1);
  if (last === undefined) return node.getStart(tree);
  return last.end + (/^\s*/.exec(tree.text.slice(last.end))?.[0].length ?? 0);
}

function lineOf({ tree }: Module, position: number): number {
  return tree.getLineAndCharacterOfPosition(position).line + 1;
}
