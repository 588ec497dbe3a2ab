// Sentences of comments and of Markdown, with the lines on which they begin.

import type { Comment, Module } from './modules';

export interface Sentence {
  readonly path: string;
  readonly line: number;
  /** The sentence. Each code span and each URL counts as one word. */
  readonly text: string;
}

interface Line {
  readonly line: number;
  readonly text: string;
}

const DIRECTIVE = /^(eslint-|@ts-|prettier-ignore|@vite-|<reference|@type \{|#__PURE__)/;

/** A comment for tools, such as `eslint-disable-next-line …`, cannot be broken into two lines. */
export function isDirective(comment: string): boolean {
  return DIRECTIVE.test(comment.replace(/^\/[/*]+\s*/, ''));
}

export function sentencesOfComments(modules: readonly Module[]): Sentence[] {
  return modules.flatMap(({ path, comments }) =>
    blocksOf(comments).flatMap((block) => paragraphsOf(block).flatMap((lines) => sentencesOf(path, lines))),
  );
}

/** Each heading, list item and table cell is a paragraph. Fenced code is left out. */
export function sentencesOfMarkdown(path: string, text: string): Sentence[] {
  const prose = withoutCode(text).flatMap(({ line, text: row }) =>
    row.trimStart().startsWith('|')
      ? row.split(/(?<!\\)\|/).flatMap((cell) => [
          { line, text: cell },
          { line, text: '' },
        ])
      : [{ line, text: row.replace(/^\s*>\s?/, '') }],
  );
  return paragraphsOf(prose).flatMap((lines) => sentencesOf(path, lines));
}

/** Returns the lines of a Markdown text. Lines of fenced code and of HTML comments become empty. */
export function withoutCode(text: string): Line[] {
  const blank = (part: string): string => part.replace(/[^\n]/g, '');
  let fence: string | undefined;
  return text
    .replace(/<!--[^]*?-->/g, blank)
    .split('\n')
    .map((row, i) => {
      const mark = /^\s*(```+|~~~+)/.exec(row)?.[1];
      const inside = fence !== undefined || mark !== undefined;
      if (mark !== undefined && (fence === undefined || mark.startsWith(fence))) {
        fence = fence === undefined ? mark : undefined;
      }
      return { line: i + 1, text: inside ? '' : row };
    });
}

/** Removes the comment marks, and joins adjacent `//` comments into one block. */
function blocksOf(comments: readonly Comment[]): Line[][] {
  const blocks: Line[][] = [];
  let last: Comment | undefined;
  for (const comment of comments) {
    if (isDirective(comment.text)) continue;
    const goesOn = last?.alone && comment.alone && last.line === comment.line - 1 && last.column === comment.column;
    const slashes = comment.text.startsWith('//');
    if (goesOn && slashes && last?.text.startsWith('//')) blocks.at(-1)?.push(...linesOf(comment));
    else blocks.push(linesOf(comment));
    last = comment;
  }
  return blocks;
}

function linesOf({ text, line }: Comment): Line[] {
  const bare = text.startsWith('//')
    ? [text.replace(/^\/+/, '')]
    : text.slice(2, -2).split('\n').map((row) => row.replace(/^\s*\*+/, '')); // prettier-ignore
  return withoutCode(bare.join('\n')).map((row) => ({ line: row.line + line - 1, text: row.text }));
}

/** Splits at empty lines, and before list items, headings and tags such as `@throws`. */
function paragraphsOf(lines: readonly Line[]): Line[][] {
  const paragraphs: Line[][] = [[]];
  for (const { line, text } of lines) {
    const mark = /^\s*([-*+]|\d+\.|#+|@\w+)\s+/.exec(text)?.[0] ?? '';
    if (mark !== '' || text.trim() === '') paragraphs.push([]);
    const rest = text.slice(mark.length).trim();
    if (rest !== '') paragraphs.at(-1)?.push({ line, text: rest });
    if (mark.includes('#')) paragraphs.push([]);
  }
  return paragraphs.filter((paragraph) => paragraph.length > 0);
}

/**
 * A sentence ends after a full stop, question mark or exclamation mark, unless a lower-case letter
 * follows.
 */
const END = /(?<=[.!?…]['"”’)*_]*)(?<!\b(?:e\.g|i\.e|cf|vs|ch|p|Fig|[A-Z])\.)\s+(?=[^\p{Ll}])/u;

/** Splits lines into sentences. A text of fewer than three words is a label, so it is left out. */
function sentencesOf(path: string, lines: readonly Line[]): Sentence[] {
  const starts: Line[] = [];
  let joined = '';
  for (const { line, text } of lines) {
    starts.push({ line, text: joined });
    joined += `${text} `;
  }
  const lineAt = (offset: number): number =>
    starts.findLast(({ text }) => text.length <= offset)?.line ?? lines[0].line;
  // The masked text has the same length, so offsets still lead to the right line.
  const masked = joined.replace(/(`+)[^`]+\1|https?:\/\/[^\s)]+/g, (code) => '\0'.repeat(code.length));
  let offset = 0;
  return masked.split(END).flatMap((part) => {
    const at = masked.indexOf(part, offset);
    offset = at + part.length;
    const text = part
      .replace(/\0+/g, '`code`')
      .replace(/\]\([^)]*\)/g, ']')
      .trim();
    return wordsOf(text).length < 3 ? [] : [{ path, line: lineAt(at), text }];
  });
}

export function wordsOf(sentence: string): string[] {
  return sentence.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
}
