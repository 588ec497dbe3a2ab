// An evaluation as a page for people: one HTML file with its charts, without scripts or requests.

import { agreementChart, barChart, lineChart } from './charts';
import { decisive, questionOf, type Difference, type Evaluation } from '../evaluation';
import { dataTable, markup, Markup } from './markup';
import { DEPTHS, METRICS } from '../metrics';
import { REPORT_STYLE } from './report-style';
import { formatCount as count } from '../../telemetry/format';
import { decimals, differing, nameOf, percent, signed } from '../figures';
import { HEADLINES, type Headline } from '../score-sheet';

/** @param settings of the measured training, shown as JSON */
export function evaluationReport(evaluation: Evaluation, settings: object): string {
  const sections = [headline, models, recallCurve, slices, sources, calibration, lists, everything];
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Vitrine: how good the recommendations are</title>
<style>${new Markup(REPORT_STYLE)}</style>
</head>
<body>
<main>
${sections.map((section) => section(evaluation))}
${provenance(evaluation, settings)}
</main>
</body>
</html>
`.text;
}

function headline(evaluation: Evaluation): Markup {
  const { differences, customers, cases, coldCustomers, trainedOn, protocol } = evaluation;
  const metric = decisive(protocol);
  const fact = (value: string, name: string, note: string): Markup =>
    markup`<div><dt>${name}</dt><dd>${value}</dd><dd class="note">${note}</dd></div>`;
  return markup`<header>
<h1>How good the recommendations are</h1>
<p>The question: ${questionOf(evaluation)}. The models learnt from ${count(trainedOn.purchases)} earlier purchases of
${count(trainedOn.customers)} customers and have not seen the answers.</p>
<dl class="facts">
${fact(decimals(evaluation.models['two-stage'][metric]), `${nameOf(metric)} of both stages`, '1 would be a perfect order')}
${differences.map(({ against, metrics }) => {
  const { ratio, interval, difference } = metrics[metric];
  const times = ratio === null ? signed(difference) : `× ${ratio.toFixed(2)}`;
  const what = against === 'retrieval' ? 'against retrieval alone' : `against the best baseline, ${against}`;
  return fact(times, what, `${verdict(interval)}: ${signed(interval[0])} to ${signed(interval[1])}`);
})}
${fact(count(customers), 'customers asked about', `${count(cases)} cases; ${count(coldCustomers)} customers had no history`)}
</dl>
</header>`;
}

function models({ models: measured, intervals, bestBaseline, bootstrap, differences }: Evaluation): Markup {
  const names = Object.keys(measured);
  return markup`<section>
<h2>Beside the baselines</h2>
<p><b>Two-stage</b> is served: candidates from all sources, ordered by the ranker. <b>Retrieval</b> is the Two-Tower model alone.
<b>Popularity</b> lists the best sellers, and <b>recent-popularity</b> those of the last four weeks. <b>Repurchase</b> lists the customer’s
own purchases first. <b>Item-to-item</b> lists articles that are bought together with the customer’s latest purchases.
${'oracle' in measured ? markup`The <b>oracle</b> knows the true tastes in this synthetic shop.` : null}
Lines show ${percent(bootstrap.confidence)} intervals.</p>
<div class="grid">
${HEADLINES.map(
  (metric) => markup`<figure><h3>${nameOf(metric)}</h3>
${barChart(
  nameOf(metric),
  names.map((name) => ({
    label: name,
    value: measured[name][metric],
    interval: intervals[name][metric],
    colour: name,
  })),
  decimals,
)}</figure>`,
)}
</div>
${dataTable(
  `Differences, case by case; best baseline: ${bestBaseline}`,
  ['two-stage against', 'measure', 'difference', 'from', 'to', 'times', 'verdict'],
  differences.flatMap(({ against, metrics }: Difference) =>
    HEADLINES.map((metric) => {
      const { difference, interval, ratio } = metrics[metric];
      const times = ratio === null ? '–' : ratio.toFixed(2);
      return [against, nameOf(metric), signed(difference), ...interval.map(signed), times, verdict(interval)];
    }),
  ),
)}
</section>`;
}

function recallCurve({ models: measured }: Evaluation): Markup {
  const names = Object.keys(measured);
  const lines = names.map((name) => ({
    label: name,
    points: DEPTHS.map((k): [number, number] => [k, measured[name][`recall@${k}`]]),
    colour: name,
  }));
  const axes = { x: 'places looked at', y: 'share found', format: (share: number) => percent(share) };
  return markup`<section>
<h2>How many places it takes</h2>
<p>The share of the bought articles that are among the first places of a list.</p>
<figure>${lineChart('Recall by places looked at', lines, [5, 10, 20, 50, 100], axes)}</figure>
</section>`;
}

function slices({ slices: all, coldArticles, models: measured, protocol, bootstrap }: Evaluation): Markup {
  const names = Object.keys(measured);
  const first = decisive(protocol);
  const tableOf = (metric: Headline): Markup =>
    dataTable(
      `${nameOf(metric)} by the customer’s history`,
      ['', 'cases', ...names],
      all.map((slice) => [
        slice.name,
        count(slice.cases),
        ...names.map((name) => decimals(slice.models[name][metric])),
      ]),
      withoutOracle(names),
    );
  const compared = dataTable(
    `${nameOf(first)} by the customer’s history`,
    ['', 'cases', 'two-stage', 'best baseline', '', 'difference'],
    all.map(({ name, cases, models: found, bestBaseline, differences }) => [
      name,
      count(cases),
      decimals(found['two-stage'][first]),
      decimals(found[bestBaseline][first]),
      bestBaseline,
      differing(differences.find(({ against }) => against === bestBaseline)?.metrics[first]),
    ]),
  );
  return markup`<section>
<h2>For whom, and for what</h2>
${compared}
<p>Each row shows the baseline that is best for its cases, and the difference with its ${percent(bootstrap.confidence)} interval.</p>
<details><summary>All models, by ${HEADLINES.map(nameOf).join(', ')}</summary>${HEADLINES.map(tableOf)}</details>
${
  coldArticles
    ? markup`<p>In ${count(coldArticles.cases)} cases, customers bought ${count(coldArticles.answers)} articles that had never sold before.
Popularity cannot know them. Chance is a random order of the catalogue.</p>
${dataTable(
  'Share of these articles that is listed',
  ['', 'first 12', 'first 100'],
  Object.entries(coldArticles.models).map(([name, recall]) => [
    name,
    percent(recall['recall@12']),
    percent(recall['recall@100']),
  ]),
)}`
    : markup`<p>Nobody bought an article that had never sold before.</p>`
}
</section>`;
}

function sources({ candidates }: Evaluation): Markup {
  const bars = candidates.sources.map(({ source, recall, alone }) => ({
    label: source.toLowerCase().replaceAll('_', ' '),
    value: recall,
    part: alone,
    colour: 'two-stage',
  }));
  return markup`<section>
<h2>Where candidates come from</h2>
<p>The ranker orders ${candidates.candidates.toFixed(0)} candidates on average. They hold ${percent(candidates.recall)} of the bought
articles. The strong part of a bar was found by that source alone and would be lost without it.</p>
<figure>${barChart('Share of the bought articles that each source finds', bars, (share) => percent(share))}</figure>
${dataTable(
  'Sources of candidates, each within its own limit',
  ['', 'finds', 'alone', 'candidates', 'share of the first 12'],
  candidates.sources.map(({ source, recall, alone, candidates: found, shown }) => [
    source.toLowerCase().replaceAll('_', ' '),
    percent(recall),
    percent(alone),
    found.toFixed(1),
    percent(shown),
  ]),
)}
</section>`;
}

function calibration({ calibration: { bins, error, bought, candidates } }: Evaluation): Markup {
  const marks = bins.map((bin) => ({
    x: bin.predicted,
    y: bin.observed,
    interval: wilson(bin.observed, bin.candidates),
    weight: bin.candidates,
  }));
  const axes = { x: 'predicted', y: 'bought', format: (share: number) => percent(share) };
  return markup`<section>
<h2>Whether scores mean what they say</h2>
<p>A score predicts how likely the article is bought. On the dashed line it is right. A hollow point is below the range of the axis.
${percent(bought)} of ${count(candidates)} candidates were bought. The expected calibration error is ${percent(error)}.</p>
<figure>${agreementChart('Predicted and bought', marks, axes)}</figure>
<details><summary>The figures</summary>
${dataTable(
  'Candidates by score',
  ['predicted', 'bought', 'candidates'],
  bins.map((bin) => [percent(bin.predicted), percent(bin.observed), count(bin.candidates)]),
)}
</details>
</section>`;
}

function lists({ models: measured }: Evaluation): Markup {
  return markup`<section>
<h2>What the lists are like</h2>
<p>All are for the first twelve places. Coverage is the share of the catalogue that is in some list. Novelty tells how far the articles
are from the best sellers, in bits: one more for half as many sales. Diversity tells how different the vectors in one list are.</p>
${dataTable(
  'Lists of twelve',
  ['', 'coverage', 'novelty', 'diversity'],
  Object.entries(measured).map(([name, list]) => [
    name,
    percent(list['coverage@12']),
    list['novelty@12'].toFixed(2),
    list['diversity@12'].toFixed(3),
  ]),
)}
</section>`;
}

function everything({ models: measured }: Evaluation): Markup {
  const names = Object.keys(measured);
  return markup`<section>
<h2>All measures</h2>
${dataTable(
  'Means over cases',
  ['', ...names],
  METRICS.map((metric) => [nameOf(metric), ...names.map((name) => decimals(measured[name][metric]))]),
  withoutOracle(names),
)}
</section>`;
}

function provenance({ seed, maxCustomers, explore, bootstrap, trainedOn, cut }: Evaluation, settings: object): Markup {
  return markup`<section>
<h2>How it was measured</h2>
<p>${cut === null ? 'Trained on all but the last purchases of each customer' : markup`Trained on the time before ${cut}`}:
${count(trainedOn.purchases)} purchases of ${count(trainedOn.customers)} customers, a catalogue of ${count(trainedOn.articles)} articles.
At most ${count(maxCustomers)} cases, drawn with seed ${seed}. Intervals are ${percent(bootstrap.confidence)} percentiles of
${count(bootstrap.resamples)} resamples of the customers; all models share the resamples. Lists are cut to 100 articles${
    explore > 0
      ? markup`, and in those of the two-stage each ${explore}th place goes to an article that never sold`
      : ''
  }.</p>
<details><summary>Settings of the training</summary><pre>${JSON.stringify(settings, null, 2)}</pre></details>
</section>`;
}

/** The oracle is not compared, since no model can reach it. */
function withoutOracle(names: readonly string[]): string[] {
  return names.filter((name) => name !== 'oracle');
}

function verdict([low, high]: readonly [number, number]): string {
  if (low > 0) return 'better';
  return high < 0 ? 'worse' : 'no clear difference';
}

/** The 95 % interval of a share of n (Wilson, JASA 1927). Valid for tiny shares too. */
function wilson(share: number, n: number): [number, number] {
  const z = 1.96;
  const middle = (share + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}
