// Answers of the commands as text for a terminal. Knows nothing of where they come from.
import type { ArticleRow } from './data/store';
import type { ImportResult } from './data/import';
import type { Evaluation } from './training/evaluate';
import { METRICS } from './training/metrics';

/** Columns aligned, numbers to the right. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, c) => Math.max(...all.map((row) => row[c].length)));
  const numeric = header.map((_, c) => rows.every((row) => /^[-−\d.,×%–]*$/.test(row[c])));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, c) => (numeric[c] ? cell.padStart(widths[c]) : cell.padEnd(widths[c])))
      .join('  ')
      .trimEnd();
  return [line(header), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}

interface Ranked {
  readonly rank: number;
  readonly score: number;
  readonly articleId: string;
  readonly article: ArticleRow;
}

export function recommendationTable(answer: {
  readonly customerId: string;
  readonly recommendations: readonly (Ranked & { readonly source: string; readonly coldStart: boolean })[];
}): string {
  const { customerId, recommendations } = answer;
  const cold = recommendations.some(({ coldStart }) => coldStart) ? ' (nothing is known of their purchases)' : '';
  const rows = recommendations.map((one) => [...rankedCells(one), one.source]);
  return `For customer ${customerId}${cold}\n${table([...RANKED_HEADER, 'source'], rows)}`;
}

export function similarTable(answer: {
  readonly articleId: string;
  readonly article: ArticleRow | null;
  readonly similar: readonly Ranked[];
}): string {
  const { articleId, article, similar } = answer;
  const title = [articleId, article?.name, article?.productTypeName, article?.colourGroupName]
    .filter(Boolean)
    .join(' · ');
  return `Like ${title}\n${table(RANKED_HEADER, similar.map(rankedCells))}`;
}

/** Every model's measures, and how many times popularity's they are. */
export function evaluationTable(evaluation: Evaluation): string {
  const { models, cut, days, customers, coldCustomers } = evaluation;
  const rows = Object.entries(models).map(([model, metrics]) => [
    model,
    ...METRICS.map((metric) => metrics[metric].toFixed(4)),
  ]);
  const factor = (model: string, metric: (typeof METRICS)[number]): string => {
    const base = models.popularity[metric];
    return base > 0 ? `${(models[model][metric] / base).toFixed(1)} × popularity’s` : 'popularity finds nothing';
  };
  const lines = [
    `Measured on the ${String(days)} days from ${cut}, which training has not seen: ${String(customers)} customers, ` +
      `${String(coldCustomers)} of them without an earlier purchase.`,
    '',
    table(['model', ...METRICS], rows),
    '',
    `Retrieval recall@100: ${factor('retrieval', 'recall@100')}. Two-stage MAP@12: ${factor('two-stage', 'map@12')}.`,
  ];
  if ('oracle' in models) {
    const share = (100 * models['two-stage']['map@12']) / models.oracle['map@12'];
    lines.push(`The oracle knows the planted tastes: two-stage reaches ${share.toFixed(0)} % of its MAP@12.`);
  }
  return lines.join('\n');
}

export function importTable(result: ImportResult): string {
  const number = (value: number): string => value.toLocaleString('en-GB', { maximumFractionDigits: 1 });
  const files = [result.articles, result.customers, result.transactions].filter((file) => file !== null);
  const rows = files.map((one) => [
    one.file,
    ...[one.rows, one.inserted, one.updated, one.unchanged, one.rejected, one.rowsPerSecond].map(number),
  ]);
  const lines = [table(['file', 'rows', 'inserted', 'updated', 'unchanged', 'rejected', 'rows/s'], rows)];
  if (result.bareCustomers > 0)
    lines.push(`${number(result.bareCustomers)} customers are known by their purchases alone.`);
  if (result.rejectsFile !== null) lines.push(`Rejected rows, with reasons: ${result.rejectsFile}`);
  return lines.join('\n');
}

const RANKED_HEADER = ['#', 'score', 'article', 'name', 'type', 'colour', 'department'];

function rankedCells({ rank, score, articleId, article }: Ranked): string[] {
  const words = [article.name, article.productTypeName, article.colourGroupName, article.departmentName];
  return [String(rank), score.toFixed(3), articleId, ...words.map((word) => shortened(word ?? '–'))];
}

function shortened(text: string): string {
  return text.length > 28 ? `${text.slice(0, 27)}…` : text;
}
