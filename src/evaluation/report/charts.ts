// Charts as SVG in the colours and the font of the page. Each has a title that tells its content to
// people who cannot see it.

import { markup, type Markup } from './markup';

export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly interval?: readonly [low: number, high: number];
  /** The bar is drawn in a stronger colour from 0 to this value. */
  readonly part?: number;
  /** A CSS class. */
  readonly colour: string;
}

/** Horizontal bars from 0 to the largest value, one in each row. */
export function barChart(title: string, bars: readonly Bar[], format: (value: number) => string): Markup {
  const [width, row, left, right] = [400, 26, 124, 62];
  const most = Math.max(...bars.map(({ value, interval }) => Math.max(value, interval?.[1] ?? 0)), Number.MIN_VALUE);
  const x = (value: number): number => round((value / most) * (width - left - right));
  const rows = bars.map(({ label, value, interval, part, colour }, i) => {
    const middle = i * row + row / 2;
    return markup`<g class="${colour}" transform="translate(${left} ${middle})">
      <text x="-8" y="4" text-anchor="end">${label}</text>
      <rect class="bar" y="-8" width="${x(value)}" height="16" rx="2"/>
      ${part === undefined ? null : markup`<rect class="part" y="-8" width="${x(part)}" height="16" rx="2"/>`}
      ${interval ? whisker(x(interval[0]), x(interval[1])) : null}
      <text class="value" x="${width - left}" y="4" text-anchor="end">${format(value)}</text>
    </g>`;
  });
  const said = bars.map(({ label, value }) => `${label} ${format(value)}`).join(', ');
  return figure(`${title}: ${said}.`, width, bars.length * row, rows);
}

export interface Line {
  readonly label: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly colour: string;
}

/** Lines over a logarithmic x axis, each with its name at its end. */
export function lineChart(title: string, lines: readonly Line[], ticks: readonly number[], axes: Axes): Markup {
  const [width, height] = [420, 300];
  const box = { left: 58, right: 284, top: 10, bottom: 256 };
  const step = roundStep(Math.max(...lines.flatMap(({ points }) => points.map(([, y]) => y))) / 5);
  const steps = [0, 1, 2, 3, 4, 5].map((n) => n * step);
  const x = along(Math.log(ticks[0]), Math.log(ticks[ticks.length - 1]), box.left, box.right, Math.log);
  const y = along(0, 5 * step, box.bottom, box.top);
  const ends = spread(
    lines.map(({ points }) => y(points[points.length - 1][1])),
    14,
  );
  const said = lines.map(({ label, points }) => `${label} ${axes.format(points[points.length - 1][1])}`).join(', ');
  return figure(`${title}; at the right end: ${said}.`, width, height, [
    steps.map((value) => horizontal(box, y(value), axes.format(value))),
    ticks.map((tick) => vertical(box, x(tick), String(tick))),
    axisNames(box, axes),
    lines.map(({ label, points, colour }, i) => {
      const [lastX, lastY] = points[points.length - 1];
      return markup`<g class="${colour}">
        <polyline class="line" points="${points.map(([px, py]) => `${String(x(px))},${String(y(py))}`).join(' ')}"/>
        ${points.map(([px, py]) => markup`<circle class="dot" cx="${x(px)}" cy="${y(py)}" r="2.5"/>`)}
        <line class="lead" x1="${x(lastX) + 4}" y1="${y(lastY)}" x2="${box.right + 16}" y2="${ends[i]}"/>
        <text x="${box.right + 20}" y="${ends[i] + 4}">${label}</text>
      </g>`;
    }),
  ]);
}

/** A point with the interval of its height. */
export interface Mark {
  readonly x: number;
  readonly y: number;
  readonly interval: readonly [low: number, high: number];
  /** Determines the size of the point. */
  readonly weight: number;
}

/**
 * Points from 0 to 1 on two logarithmic axes, with the diagonal where both are equal. A point below
 * the range is drawn at its edge.
 */
export function agreementChart(title: string, marks: readonly Mark[], axes: Axes): Markup {
  const [width, height] = [420, 340];
  const box = { left: 58, right: 408, top: 10, bottom: 296 };
  const lowest = Math.min(0.1, ...marks.map((mark) => Math.min(mark.x, mark.y > 0 ? mark.y : 1)));
  const decades = Math.min(5, Math.ceil(-Math.log10(lowest)));
  const ticks = Array.from({ length: decades + 1 }, (_, i) => 10 ** (i - decades));
  const log = (value: number): number => Math.log10(Math.max(value, ticks[0]));
  const x = along(-decades, 0, box.left, box.right, log);
  const y = along(-decades, 0, box.bottom, box.top, log);
  const heaviest = Math.max(...marks.map(({ weight }) => weight), 1);
  const said = marks.map((mark) => `${axes.x} ${axes.format(mark.x)}, ${axes.y} ${axes.format(mark.y)}`).join('; ');
  return figure(`${title}: ${said}.`, width, height, [
    ticks.map((tick) => [horizontal(box, y(tick), axes.format(tick)), vertical(box, x(tick), axes.format(tick))]),
    axisNames(box, axes),
    markup`<line class="equal" x1="${box.left}" y1="${box.bottom}" x2="${box.right}" y2="${box.top}"/>`,
    marks.map((mark) => {
      const radius = round(3 + 5 * Math.sqrt(mark.weight / heaviest));
      return markup`<g class="two-stage">
        <line class="whisker" x1="${x(mark.x)}" x2="${x(mark.x)}" y1="${y(mark.interval[0])}" y2="${y(mark.interval[1])}"/>
        <circle class="${mark.y < ticks[0] ? 'dot below' : 'dot'}" cx="${x(mark.x)}" cy="${y(mark.y)}" r="${radius}"/>
      </g>`;
    }),
  ]);
}

export interface Axes {
  readonly x: string;
  readonly y: string;
  readonly format: (value: number) => string;
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

function figure(title: string, width: number, height: number, content: Parameters<typeof markup>[1]): Markup {
  return markup`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">${content}</svg>`;
}

/** Returns a function that maps values to positions on an axis. */
function along(from: number, to: number, start: number, end: number, scale = (value: number): number => value) {
  return (value: number): number => round(start + ((scale(value) - from) / (to - from)) * (end - start));
}

function whisker(low: number, high: number): Markup {
  return markup`<path class="whisker" d="M${low} -4v8M${low} 0H${high}M${high} -4v8"/>`;
}

function horizontal({ left, right }: Box, y: number, label: string): Markup {
  return markup`<line class="grid" x1="${left}" x2="${right}" y1="${y}" y2="${y}"/>
    <text class="tick" x="${left - 6}" y="${y + 4}" text-anchor="end">${label}</text>`;
}

function vertical({ top, bottom }: Box, x: number, label: string): Markup {
  return markup`<line class="grid" x1="${x}" x2="${x}" y1="${top}" y2="${bottom}"/>
    <text class="tick" x="${x}" y="${bottom + 16}" text-anchor="middle">${label}</text>`;
}

function axisNames({ left, right, top, bottom }: Box, { x, y }: Axes): Markup {
  return markup`<text class="tick" x="${(left + right) / 2}" y="${bottom + 36}" text-anchor="middle">${x}</text>
    <text class="tick" transform="translate(11 ${(top + bottom) / 2}) rotate(-90)" text-anchor="middle">${y}</text>`;
}

/** Moves labels down until they are at least `gap` apart. */
function spread(places: readonly number[], gap: number): number[] {
  const spreadOut = places.slice();
  const order = [...places.keys()].sort((a, b) => places[a] - places[b]);
  for (let o = 1; o < order.length; o++) {
    spreadOut[order[o]] = Math.max(places[order[o]], spreadOut[order[o - 1]] + gap);
  }
  return spreadOut;
}

/** The smallest step that is at least `least`: 1, 2, 2.5 or 5, times a power of ten. */
function roundStep(least: number): number {
  const scale = 10 ** Math.floor(Math.log10(Math.max(least, 1e-6)));
  return scale * ([1, 2, 2.5, 5].find((factor) => factor * scale >= least) ?? 10);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
