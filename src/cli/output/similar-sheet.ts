// Draws articles and the articles most similar to them as one SVG, for light and dark pages. Each
// article has one row of twelve similar articles for every method. Marks and counts show how many
// agree with the article in type, colour and pattern. The picture contains no id, name or
// description of an article.
import { articleShapes, DRAWING, patternName, type Drawn } from '../../demo/drawing/drawing';

export interface SheetRow {
  readonly title: string;
  readonly articles: readonly Drawn[];
}

/** An article, and a row of similar articles for each method. */
export interface SheetEntry {
  readonly article: Drawn;
  readonly rows: readonly SheetRow[];
}

/**
 * Returns the address (`data:…`) of an article's photo. If it returns undefined, the article is
 * drawn.
 */
export type PhotoOf = (article: Drawn) => string | undefined;

const ASPECTS = {
  type: ({ category }: Drawn) => category.at(-1) ?? null,
  colour: ({ colour }: Drawn) => colour,
  pattern: patternName,
} as const;
type Aspect = keyof typeof ASPECTS;
const ASPECT_NAMES = Object.keys(ASPECTS) as Aspect[];

/** The layout, in pixels. */
const COLUMNS = 12;
const EDGE = 28;
const COLUMN = 76;
const PICTURE = { width: 68, height: 102 };
const OWN = { width: 136, height: 204 };
const LINE = 11;
const TITLE = 20;
const ROW = TITLE + PICTURE.height + 8 + ASPECT_NAMES.length * LINE + 16;
const HEAD = 52;
const BETWEEN = 26;
const LISTS = EDGE + OWN.width + 32;
const COUNTS = LISTS + COLUMNS * COLUMN + 16;
const BAR = 84;
const WIDTH = COUNTS + BAR + EDGE;

/** Draws the picture. A row of twelve is 912 pixels wide. */
export function drawSimilarSheet(entries: readonly SheetEntry[], photoOf: PhotoOf = () => undefined): string {
  const pictures = new Map<string, { name: string; content: string }>();
  const pictureOf = (article: Drawn): string => {
    const known = pictures.get(article.id);
    if (known) return known.name;
    const name = `a${String(pictures.size)}`;
    pictures.set(article.id, { name, content: picture(article, name, photoOf(article)) });
    return name;
  };
  let top = HEAD;
  const parts = entries.map((entry, place) => {
    const from = top;
    top += Math.max(entry.rows.length * ROW, OWN.height + 60) + BETWEEN;
    const rule = place === 0 ? '' : `<path class="rule" d="M${EDGE} ${from - BETWEEN / 2 - 6}H${WIDTH - EDGE}"/>`;
    return rule + drawEntry(entry, from, pictureOf);
  });
  const height = top - BETWEEN + 12;
  const symbols = [...pictures.values()].map(({ content }) => content).join('\n');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title">
<title id="title">${escape(describe(entries))}</title>
<style>${STYLE}</style>
<defs>
${symbols}
</defs>
<rect class="sheet" x=".5" y=".5" width="${WIDTH - 1}" height="${height - 1}" rx="14"/>
${legend()}
${parts.join('\n')}
</svg>
`;
}

/**
 * Colours for light and dark pages. They become plain CSS classes, since some SVG viewers do not
 * support CSS variables.
 */
const COLOURS = {
  light: { sheet: '#fdfbf8', line: '#e2dacd', ink: '#1e1a16', quiet: '#655c51', agree: '#1f6f6c', other: '#a89d8e' },
  dark: { sheet: '#1b1917', line: '#3d3731', ink: '#f2ece3', quiet: '#b1a698', agree: '#7fd0ca', other: '#7d7368' },
} as const;

function coloured({ sheet, line, ink, quiet, agree, other }: Record<keyof typeof COLOURS.light, string>): string {
  return (
    `.sheet{fill:${sheet};stroke:${line}}.rule{stroke:${line}}.bar{fill:${line}}text{fill:${quiet}}` +
    `.own,.title,.number{fill:${ink}}.agrees,.yes{fill:${agree}}.no{fill:none;stroke:${other}}`
  );
}

const STYLE = `
text{font:8.6px system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}
.own,.head{font-size:13px}.title,.number{font-size:13px;font-weight:600}.count{font-size:12px}.agrees{font-weight:600}.no{stroke-width:1.2}
${coloured(COLOURS.light)}
@media (prefers-color-scheme:dark){${coloured(COLOURS.dark)}}
`;

function legend(): string {
  return `<g transform="translate(${LISTS} 32)"><circle class="yes" cx="4" cy="-4.5" r="4"/><text class="head" x="14">the same as on the left</text><circle class="no" cx="188" cy="-4.5" r="3.5"/><text class="head" x="198">another</text></g>`;
}

function drawEntry({ article, rows }: SheetEntry, top: number, pictureOf: (article: Drawn) => string): string {
  const own = ASPECT_NAMES.map(
    (aspect, i) =>
      `<text class="own" x="${EDGE}" y="${top + TITLE + OWN.height + 22 + i * 17}">${escape(valueOf(article, aspect))}</text>`,
  ).join('');
  const lists = rows.map((row, i) => drawRow(article, row, top + i * ROW, pictureOf)).join('\n');
  return `${use(pictureOf(article), EDGE, top + TITLE, OWN)}${own}\n${lists}`;
}

function drawRow(own: Drawn, row: SheetRow, top: number, pictureOf: (article: Drawn) => string): string {
  const articles = row.articles.slice(0, COLUMNS);
  const cells = articles.map((article, i) => {
    const x = LISTS + i * COLUMN;
    const captions = ASPECT_NAMES.map((aspect, line) => {
      const y = top + TITLE + PICTURE.height + 14 + line * LINE;
      const same = agrees(own, article, aspect);
      return `${mark(same, x + 3, y - 3, 2.6)}<text${same ? ' class="agrees"' : ''} x="${x + 9}" y="${y}"${fitted(valueOf(article, aspect))}</text>`;
    });
    return `<g><title>${escape(ASPECT_NAMES.map((aspect) => valueOf(article, aspect)).join(' · '))}</title>${use(pictureOf(article), x, top + TITLE, PICTURE)}${captions.join('')}</g>`;
  });
  const counts = ASPECT_NAMES.map((aspect, i) => {
    const y = top + TITLE + 16 + i * 34;
    const count = articles.filter((article) => agrees(own, article, aspect)).length;
    const share = (BAR * count) / Math.max(1, articles.length);
    return `<text class="count" x="${COUNTS}" y="${y}">${aspect}</text><text class="number" x="${COUNTS + BAR}" y="${y}" text-anchor="end">${count}</text><rect class="bar" x="${COUNTS}" y="${y + 6}" width="${BAR}" height="5" rx="2.5"/><rect class="yes" x="${COUNTS}" y="${y + 6}" width="${share.toFixed(1)}" height="5" rx="2.5"/>`;
  });
  return `<text class="title" x="${LISTS}" y="${top + 12}">${escape(row.title)}</text>${cells.join('\n')}${counts.join('')}`;
}

function agrees(one: Drawn, other: Drawn, aspect: Aspect): boolean {
  return ASPECTS[aspect](one) === ASPECTS[aspect](other);
}

function valueOf(article: Drawn, aspect: Aspect): string {
  return ASPECTS[aspect](article) ?? '–';
}

function mark(same: boolean, x: number, y: number, radius: number): string {
  return `<circle class="${same ? 'yes' : 'no'}" cx="${x}" cy="${y}" r="${same ? radius : radius - 0.5}"/>`;
}

function use(name: string, x: number, y: number, { width, height }: typeof PICTURE): string {
  return `<use href="#${name}" x="${x}" y="${y}" width="${width}" height="${height}"/>`;
}

/**
 * Defines a picture under a name, so that an article that occurs more than once can use it again.
 */
function picture(article: Drawn, name: string, photo: string | undefined): string {
  const { width, height } = DRAWING;
  const shapes =
    photo === undefined
      ? articleShapes(article, `${name}-`)
      : `<image href="${photo}" width="${width}" height="${height}" preserveAspectRatio="xMidYMid slice"/>`;
  const rounded = `<clipPath id="${name}-corners"><rect width="${width}" height="${height}" rx="22"/></clipPath>`;
  return `<symbol id="${name}" viewBox="0 0 ${width} ${height}">${rounded}<g clip-path="url(#${name}-corners)">${shapes}</g></symbol>`;
}

function describe(entries: readonly SheetEntry[]): string {
  const rows = entries[0]?.rows.map(({ title }) => title).join(' and by ') ?? '';
  return `${entries.length} articles, each with the twelve that are most like it by ${rows}`;
}

/**
 * Returns the end of a tag and its caption, fitted to a column: a long caption is set narrower, and
 * a very long caption is also cut.
 */
function fitted(text: string): string {
  const shown = text.length > 20 ? `${text.slice(0, 19)}…` : text;
  const narrow = shown.length > 12 ? ` textLength="${COLUMN - 14}" lengthAdjust="spacingAndGlyphs"` : '';
  return `${narrow}>${escape(shown)}`;
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${String(sign.charCodeAt(0))};`);
}
