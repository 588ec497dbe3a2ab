// Turns HTML into plain text, for people and for text encoders. Tags, scripts and styles are left
// out, entities are decoded, and blanks are collapsed. Descriptions of articles are fragments that
// nobody checked, so everything that is no tag stays: "size < 5".

import { decodeHTML } from 'entities';

/** Returns the text without markup, on one line. Plain text comes back as it is but for blanks. */
export function plainText(html: string): string {
  if (!/[<&]/.test(html)) return collapse(html);
  const stripped = stripTags(html);
  const text = decodeHTML(stripped.text);
  // Exports often escape the whole text once more.
  const escaped = !stripped.found && /<\/?(p|br|b|i|div|span|ul|li|h\d|table|strong|em|a)\b[^<>]*>/i.test(text);
  return collapse(escaped ? decodeHTML(stripTags(text).text) : text);
}

function collapse(text: string): string {
  // Soft hyphens and zero-width characters are no letters.
  return text.replace(/[\u00ad\u200b\u2060\ufeff]/g, '').replace(/\s+/g, ' ').trim(); // prettier-ignore
}

/** Elements whose contents are no text. */
const SILENT = /^(script|style|template|head|svg|noscript|iframe|object)$/;
/** Elements within a word or a line. All others separate words. */
const INLINE = /^(a|abbr|b|bdi|bdo|big|cite|code|del|dfn|em|font|i|ins|kbd|mark|q|s|small|span|strike|strong|sub|sup|tt|u|wbr)$/; // prettier-ignore
/** A quote that goes on for longer is not closed. Pictures within pages are long. */
const LONGEST_TAG = 1_000_000;

function stripTags(html: string): { text: string; found: boolean } {
  let text = '';
  let found = false;
  let at = 0;
  const last = html.lastIndexOf('>');
  for (;;) {
    const open = html.indexOf('<', at);
    if (open < 0 || (open > last && !html.startsWith('<!--', open))) return { text: text + html.slice(at), found };
    text += html.slice(at, open);
    const tag = tagAt(html, open);
    if (tag === undefined) {
      text += '<';
      at = open + 1;
      continue;
    }
    found = true;
    at = tag.end;
    if (!INLINE.test(tag.name)) text += ' ';
    if (SILENT.test(tag.name) && !tag.closed) at = endOf(tag.name, html, at);
  }
}

interface Tag {
  /** Lower case; '' for comments and declarations. */
  readonly name: string;
  /** After its last character. */
  readonly end: number;
  /** Whether it has no contents: </p>, <br/>. */
  readonly closed: boolean;
}

/** The tag that begins at `open`; undefined if it is only the sign "less than". */
function tagAt(html: string, open: number): Tag | undefined {
  if (html.startsWith('<!--', open)) {
    const end = html.indexOf('-->', open + 4);
    return { name: '', end: end < 0 ? html.length : end + 3, closed: true };
  }
  const start = /<(?:(\/?)([a-zA-Z][^\s/>"'<]*)|[!?])/y;
  start.lastIndex = open;
  const found = start.exec(html);
  const end = found ? endOfTag(html, start.lastIndex) : -1;
  if (!found || end < 0) return undefined;
  const closed = found[1] === '/' || html[end - 2] === '/';
  return { name: (found[2] ?? '').toLowerCase(), end, closed };
}

/** The offset after the next > that is not within quotes; −1 if there is none. */
function endOfTag(html: string, from: number): number {
  const first = html.indexOf('>', from) + 1;
  if (first === 0) return -1;
  // Most tags have no > within quotes.
  if (!/["']/.test(html.slice(from, first))) return first;
  let quote = '';
  for (let at = from; at < Math.min(html.length, from + LONGEST_TAG); at++) {
    const character = html[at];
    if (quote !== '') {
      if (character === quote) quote = '';
    } else if (character === '>') return at + 1;
    else if (/["']/.test(character) && /[=\s]/.test(html[at - 1])) quote = character;
  }
  // A quote that is not closed ends with the tag.
  return first;
}

/** The offset after the end of an element; the end of the text if it is never closed. */
function endOf(name: string, html: string, from: number): number {
  const closing = new RegExp(`</${name}\\b[^>]*>`, 'gi');
  closing.lastIndex = from;
  return closing.exec(html) ? closing.lastIndex : html.length;
}
