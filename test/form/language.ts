// Checks of language: width of lines, length of sentences, first words of sentences, and archaic
// words.

import type { Module } from './modules';
import { isDirective, withoutCode, wordsOf, type Sentence } from './sentences';

export const COLUMNS = 100;
export const WORDS = 40;

/**
 * Finds comments that extend beyond the last column. Code before a comment on the same line counts
 * towards the width. Lines that contain only a URL and comments for tools are exempt, since they
 * cannot be broken.
 */
export function wideComments(modules: readonly Module[]): string[] {
  return modules.flatMap(({ path, comments }) =>
    comments
      .filter(({ text }) => !isDirective(text))
      .flatMap(({ text, line, column }) => {
        const rows = text.split('\n').map((row, i) => ({ line: line + i, text: row, from: i === 0 ? column : 0 }));
        return rows
          .filter((row) => !/^[\s/*]*(https?:\S+)[\s/*]*$/.test(row.text))
          .map((row) => ({ line: row.line, width: row.from + widthOf(row.text) }));
      })
      .filter(({ width }) => width > COLUMNS)
      .map(({ line, width }) => `${path}:${line} ${width} columns`),
  );
}

/**
 * Finds lines of Markdown that are too wide. Tables, fenced code, headings, and lines without a
 * space to break at are exempt.
 */
export function wideProse(path: string, text: string): string[] {
  return withoutCode(text)
    .filter((row) => widthOf(row.text) > COLUMNS && !/^\s*(\||#)/.test(row.text))
    .filter((row) => /\S\s+\S/.test(row.text.replace(/^\s*([-*+>]|\d+\.)\s+/, '')))
    .map((row) => `${path}:${row.line} ${widthOf(row.text)} columns`);
}

/** Returns the width in characters, not in UTF-16 code units. */
function widthOf(line: string): number {
  return Array.from(line).length;
}

export function longSentences(sentences: readonly Sentence[]): string[] {
  return sentences.flatMap(({ path, line, text }) => {
    const words = wordsOf(text);
    if (words.length <= WORDS) return [];
    const opening = words.slice(0, 6).join(' ');
    return [`${path}:${line} ${words.length} words: ${opening} …`];
  });
}

/** Finds sentences that begin with a clause or a phrase instead of their subject. */
export function oddOpenings(sentences: readonly Sentence[]): string[] {
  return sentences.filter(({ text }) => /^["“(*_]*(What|Whoever|Who|Of|Where)\b/.test(text)).map(found);
}

/** Words that sound archaic in a conversation between colleagues. */
const ARCHAIC = [
  'who(so)?ever|whom(so)?ever|whatever|whatsoever|whichever|wheresoever',
  'whereof|whereby|wherein|whereupon|wherefore|whence|whither',
  'thereby|therein|thereof|thereto|thereupon|therewith|therefrom|thereafter|thence',
  'hence|henceforth|hereby|herein|hereof|heretofore|hitherto|forthwith',
  'lest|albeit|whilst|amongst|notwithstanding|inasmuch|insofar|betwixt|anew|likewise|nought|aught',
  '(of|than|among|upon) whom|of whose|than which',
  'such as (are|is|have|has)|not so \\w+ but|but for|save (for|that)|none but|for want of|be it',
  'of (before|late|old)',
];
const OLD = new RegExp(`\\b(${ARCHAIC.join('|')})\\b`, 'i');

export function archaicWords(sentences: readonly Sentence[]): string[] {
  return sentences.flatMap((sentence) => {
    const word = OLD.exec(sentence.text)?.[0];
    return word === undefined ? [] : [`“${word}” ${found(sentence)}`];
  });
}

function found({ path, line, text }: Sentence): string {
  return `${path}:${line} ${text}`;
}
