// A module in the form that the checks need: text, syntax tree, imports and comments.

import { dirname, posix } from 'node:path';
import ts from 'typescript';

export interface Module {
  /** Relative to the project's folder: 'src/data/store.ts'. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
  readonly tree: ts.SourceFile;
  /**
   * Paths relative to the project's folder, or names of packages. Imports of types are included.
   */
  readonly imports: readonly string[];
  readonly comments: readonly Comment[];
}

export interface Comment {
  /** The text with its marks: '// …' or '/* …'. */
  readonly text: string;
  /** The first line, counted from 1, and its column there, counted from 0. */
  readonly line: number;
  readonly column: number;
  /** Whether only white space precedes the comment on its line. */
  readonly alone: boolean;
}

export function parse(path: string, text: string): Module {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true, scriptKind(path));
  const lines = text.replace(/\n$/, '').split('\n');
  const imports: string[] = [];
  const literals: Span[] = [];
  const visit = (node: ts.Node): void => {
    const target = importOf(node);
    if (target !== undefined) imports.push(resolveImport(path, target));
    if (LITERALS.has(node.kind)) literals.push({ start: node.getStart(tree), end: node.end });
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return { path, text, lines, tree, imports, comments: commentsBetween(tree, literals) };
}

function scriptKind(path: string): ts.ScriptKind {
  if (path.endsWith('.tsx')) return ts.ScriptKind.TSX;
  return path.endsWith('.mjs') ? ts.ScriptKind.JS : ts.ScriptKind.TS;
}

/** Returns the target of an import, export … from, import(), require() or import type. */
function importOf(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return stringIn(node.moduleSpecifier);
  if (ts.isExternalModuleReference(node)) return stringIn(node.expression);
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return stringIn(node.argument.literal);
  if (!ts.isCallExpression(node)) return undefined;
  const imports = node.expression.kind === ts.SyntaxKind.ImportKeyword;
  const requires = /^require(\.resolve)?$/.test(node.expression.getText());
  return imports || requires ? stringIn(node.arguments[0]) : undefined;
}

function stringIn(node: ts.Node | undefined): string | undefined {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : undefined;
}

function resolveImport(from: string, target: string): string {
  return target.startsWith('.') ? posix.join(dirname(from), target) : target;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Kinds of literals. Two slashes within a literal do not begin a comment. */
const LITERALS: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.StringLiteral,
  ts.SyntaxKind.NoSubstitutionTemplateLiteral,
  ts.SyntaxKind.TemplateHead,
  ts.SyntaxKind.TemplateMiddle,
  ts.SyntaxKind.TemplateTail,
  ts.SyntaxKind.RegularExpressionLiteral,
  ts.SyntaxKind.JsxText,
]);

function commentsBetween(tree: ts.SourceFile, literals: readonly Span[]): Comment[] {
  const gaps: Span[] = [];
  let start = 0;
  for (const literal of [...literals].sort((a, b) => a.start - b.start)) {
    gaps.push({ start, end: literal.start });
    start = literal.end;
  }
  gaps.push({ start, end: tree.text.length });
  return gaps.flatMap((gap) =>
    [...tree.text.slice(gap.start, gap.end).matchAll(/\/\/.*|\/\*[^]*?\*\//g)].map(({ 0: text, index }) => {
      const { line, character } = tree.getLineAndCharacterOfPosition(gap.start + index);
      const before = tree.text.slice(gap.start + index - character, gap.start + index);
      return { text, line: line + 1, column: character, alone: before.trim() === '' };
    }),
  );
}
