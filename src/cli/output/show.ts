// Answers of commands in a form for people: tables for a terminal, and a picture.
import type { ImportResult } from '../../data/import/import';
import type { ArticleRow, Store } from '../../data/store/store';
import type { Photos } from '../../api/http/photos';
import { drawSimilarSheet } from './similar-sheet';
import { decisive, questionOf, type Difference, type Evaluation, type Slice } from '../../evaluation/evaluation';
import type { MetricName } from '../../evaluation/metrics';
import { formatCount as count } from '../../telemetry/format';
import { decimals, differing, nameOf, signed } from '../../evaluation/figures';
import type { Headline } from '../../evaluation/score-sheet';
import { WRITINGS } from '../../evaluation/offline/search-quality';
import { SERVED, type Shown, type SimilarQuality } from '../../evaluation/offline/similar-quality';

/** Aligns the columns of a table; numbers are aligned to the right. */
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
  readonly recommendations: readonly (Ranked & {
    readonly source: string;
    readonly neverSold: boolean;
    readonly coldStart: boolean;
  })[];
}): string {
  const { customerId, recommendations } = answer;
  const cold = recommendations.some(({ coldStart }) => coldStart) ? ' (no purchases are known)' : '';
  const rows = recommendations.map((one) => [
    ...rankedCells(one),
    one.neverSold ? `${one.source}, never sold yet` : one.source,
  ]);
  return `For customer ${customerId}${cold}\n${table([...RANKED_HEADER, 'source'], rows)}`;
}

export function similarTable(answer: {
  readonly articleId: string;
  readonly article: ArticleRow | null;
  readonly similar: readonly Ranked[];
}): string {
  const { articleId, article, similar } = answer;
  const title = [articleId, article?.name, article?.category.at(-1), article?.colour].filter(Boolean).join(' · ');
  return `Like ${title}\n${table(RANKED_HEADER, similar.map(rankedCells))}`;
}

/**
 * Writes the metrics of every model, the differences between models with their intervals, and the
 * metrics for each group of customers.
 */
export function evaluationTable(evaluation: Evaluation): string {
  const { models, customers, cases, coldCustomers, slices, differences, coldArticles } = evaluation;
  const metric = decisive(evaluation.protocol);
  const lines = [
    `Asked: ${questionOf(evaluation)}. Training has seen none of it.`,
    `${count(cases)} cases of ${count(customers)} customers, ${count(coldCustomers)} of them without an earlier purchase.`,
    '',
    table(
      ['model', ...SHOWN_METRICS],
      Object.entries(models).map(([model, metrics]) => [
        model,
        ...SHOWN_METRICS.map((name) => decimals(metrics[name])),
      ]),
    ),
    '',
    ...differences.map((difference) => differenceLine(difference, evaluation)),
    '',
    table(
      [`${nameOf(metric)} by slice`, 'cases', 'two-stage', 'best baseline of the slice', 'difference'],
      slices.map((slice) => [slice.name, count(slice.cases), ...sliceCells(slice, metric)]),
    ),
  ];
  if (coldArticles) {
    const share = (model: string): string => decimals(coldArticles.models[model]['recall@100']);
    lines.push(
      '',
      `Articles never sold before, ${count(coldArticles.answers)} times bought: recall@100 two-stage ${share('two-stage')}, ` +
        `retrieval ${share('retrieval')}, popularity ${share('popularity')}, chance ${share('chance')}.`,
    );
  }
  if ('oracle' in models) {
    const share = (100 * models['two-stage']['map@12']) / models.oracle['map@12'];
    lines.push('', `The oracle knows the planted tastes: two-stage reaches ${share.toFixed(0)} % of its MAP@12.`);
  }
  return lines.join('\n');
}

function sliceCells({ models, bestBaseline, differences }: Slice, metric: Headline): string[] {
  return [
    decimals(models['two-stage'][metric]),
    `${decimals(models[bestBaseline][metric])} ${bestBaseline}`,
    differing(differences.find(({ against }) => against === bestBaseline)?.metrics[metric]),
  ];
}

/**
 * Writes one line that says how much better a model is by the decisive metric, and how certain the
 * difference is.
 */
function differenceLine(
  { model, against, metrics }: Difference,
  { bestBaseline, bootstrap, protocol }: Evaluation,
): string {
  const metric = decisive(protocol);
  const { difference, interval, ratio } = metrics[metric];
  const other = against === bestBaseline ? `${against}, the best baseline` : against;
  const times = ratio === null ? '' : `, ${ratio.toFixed(2)} times`;
  const name = `${model[0].toUpperCase()}${model.slice(1)}`;
  return (
    `${name} ${nameOf(metric)} against ${other}: ${signed(difference)}${times} ` +
    `(${String(100 * bootstrap.confidence)} % interval ${signed(interval[0])} to ${signed(interval[1])}).`
  );
}

const SHOWN_METRICS = ['map@12', 'recall@12', 'recall@100', 'hr@10', 'ndcg@10', 'mrr'] as const satisfies MetricName[];

export function similarQualityTable({ articles, pairs, methods, margins, searches, search }: SimilarQuality): string {
  const lines = [
    `Share of the twelve most similar that agree with each of ${count(articles)} articles.`,
    `Bought together: share of ${count(pairs)} pairs of one day, unseen in training, whose other article is among the twelve.`,
    agreementTable(methods, 'catalogue'),
    '',
    'The same, with articles drawn as they sell: the first of each pair',
    agreementTable(methods, 'sold'),
    '',
    'The encoder minus TF-IDF; for articles bought together, with the 95 % interval over resampled customers',
    marginTable(margins),
  ];
  if (searches > 0) {
    const found = Object.entries(search).map(([name, measures]) => [
      name,
      ...WRITINGS.map((writing) => decimals(measures[writing])),
    ]);
    lines.push(
      '',
      `${count(searches)} searches for two attributes: the share of the first twelve that have both, out of as many as could`,
    );
    lines.push(table(['search', ...WRITINGS], found));
  }
  return lines.join('\n');
}

function agreementTable(methods: SimilarQuality['methods'], of: 'catalogue' | 'sold'): string {
  const rows = Object.entries(methods).map(([name, { [of]: agreement, bought }]) => {
    const { type, colour, pattern, department } = agreement;
    return [
      name,
      ...[type, colour, pattern, department].map(decimals),
      ...(of === 'catalogue' ? [decimals(bought)] : []),
    ];
  });
  const columns = ['type', 'colour', 'pattern', 'department', ...(of === 'catalogue' ? ['bought together'] : [])];
  return table(['at 12', ...columns], rows);
}

function marginTable(margins: SimilarQuality['margins']): string {
  const rows = Object.entries(margins).flatMap(([name, { catalogue, sold, bought, interval }]) =>
    [catalogue, sold].map((agreement, of) => {
      const { type, colour, pattern, department } = agreement;
      return [
        of === 0 ? name : 'as they are bought',
        ...[type, colour, pattern, department].map(signed),
        ...(of === 0 ? [signed(bought), interval.map(signed).join(' to ')] : ['', '']),
      ];
    }),
  );
  return table(['more than TF-IDF', 'type', 'colour', 'pattern', 'department', 'bought together', 'interval'], rows);
}

/**
 * Draws an SVG of articles, each with the articles that several methods find most similar to it.
 */
export async function similarSheet(store: Store, shown: readonly Shown[], photos: Photos): Promise<string> {
  const ids = [...new Set(shown.flatMap(({ article, lists }) => [article, ...Object.values(lists).flat()]))];
  const rows = await store.articlesById(ids);
  const byId = new Map(rows.flatMap((row) => (row ? [[row.id, row] as const] : [])));
  const found = new Map<string, string>();
  for (const id of byId.keys()) {
    const photo = await photos.photo(id, 160);
    if (photo) found.set(id, `data:${photo.type};base64,${photo.content.toString('base64')}`);
  }
  // An article that has been deleted in the meantime is left out.
  const entries = shown.flatMap(({ article, lists }) => {
    const own = byId.get(article);
    const titled = Object.entries(lists).map(([name, alike]) => ({
      title: TITLES[name] ?? name,
      articles: alike.flatMap((id) => byId.get(id) ?? []),
    }));
    return own ? [{ article: own, rows: titled }] : [];
  });
  return drawSimilarSheet(entries, ({ id }) => found.get(id));
}

const TITLES: Readonly<Record<string, string>> = { [SERVED]: 'Vitrine' };

export function importTable(result: ImportResult): string {
  const number = (value: number): string => value.toLocaleString('en-GB', { maximumFractionDigits: 1 });
  const files = [result.articles, result.customers, result.transactions].filter((file) => file !== null);
  const rows = files.map((one) => [
    one.file,
    ...[one.rows, one.inserted, one.updated, one.unchanged, one.rejected, one.rowsPerSecond].map(number),
  ]);
  const lines = [table(['file', 'rows', 'inserted', 'updated', 'unchanged', 'rejected', 'rows/s'], rows)];
  if (result.bareCustomers > 0) lines.push(`${number(result.bareCustomers)} customers are in the transactions only.`);
  if (result.bareArticles > 0) {
    lines.push(`${number(result.bareArticles)} articles are in the transactions only: learnt from, not recommended.`);
  }
  if (result.unlisted > 0) lines.push(`${number(result.unlisted)} articles left the catalogue.`);
  for (const warning of result.warnings) lines.push(`Note: ${warning}`);
  const { databaseBytes: bytes } = result;
  const size = bytes === null ? '' : ` The database takes ${number(bytes / 2 ** 20)} MiB.`;
  lines.push(`The import took ${number(result.seconds)} s.${size}`);
  if (result.rejectsFile !== null) lines.push(`Rejected rows, with reasons: ${result.rejectsFile}`);
  return lines.join('\n');
}

const RANKED_HEADER = ['#', 'score', 'article', 'name', 'category', 'colour', 'brand'];

function rankedCells({ rank, score, articleId, article }: Ranked): string[] {
  const words = [article.name, article.category.at(-1), article.colour, article.brand];
  return [String(rank), score.toFixed(3), articleId, ...words.map((word) => shortened(word ?? '–'))];
}

function shortened(text: string): string {
  return text.length > 28 ? `${text.slice(0, 27)}…` : text;
}
