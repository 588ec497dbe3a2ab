// The stage "score": makes the inputs of the ranker and runs it.
import { setImmediate } from 'node:timers/promises';
import type { Batch, Values } from '../engine/batch';
import type { Catalogue } from '../features/catalogue';
import type { Customers } from '../features/customers';
import type { Encoder } from '../features/encoder';
import { articleInputs } from '../features/inputs';
import type { AgeBands } from '../statistics/age-bands';
import type { Moment } from '../statistics/moment';
import { widest, type Candidates } from './candidates';
import { rankerCustomers, type Model } from './model-inputs';
import type { PairWriter } from './pairs';

export interface ScoreParts {
  readonly encoder: Encoder;
  readonly catalogue: Catalogue;
  readonly bands: AgeBands;
  readonly pairs: PairWriter;
  readonly ranker: Model;
  /** Number of customers whose features are made before the event loop gets a turn. */
  readonly atOnce: number;
}

export interface Scorer {
  /**
   * Inputs of the ranker. All lists are as wide as the widest list. Shorter lists are filled up
   * with article 0.
   */
  rankerInputs(customers: Customers, candidates: readonly Candidates[], moment: Moment): Batch;
  /** Scores of each customer's candidates, higher is better, never NaN. */
  score(customers: Customers, candidates: readonly Candidates[], moment: Moment): Promise<Float32Array[]>;
}

export function createScorer(parts: ScoreParts): Scorer {
  return {
    rankerInputs(customers, candidates, moment) {
      const turns = inputsByTurns(parts, customers, candidates, moment);
      for (;;) {
        const { done, value } = turns.next();
        if (done) return value;
      }
    },
    async score(customers, candidates, moment) {
      const turns = inputsByTurns(parts, customers, candidates, moment);
      let turn = turns.next();
      for (; !turn.done; turn = turns.next()) await setImmediate();
      const scores = await parts.ranker(turn.value);
      const width = widest(candidates);
      return candidates.map(({ articles }, r) => {
        const own = scores.slice(r * width, r * width + articles.length);
        // A NaN could end up at any rank.
        return own.map((score) => (Number.isNaN(score) ? -Infinity : score));
      });
    },
  };
}

/** `rankerInputs`, with a stop after every few customers. */
function* inputsByTurns(
  { encoder, catalogue, bands, pairs, atOnce }: ScoreParts,
  customers: Customers,
  candidates: readonly Candidates[],
  moment: Moment,
): Generator<void, Batch> {
  const n = candidates.length;
  const width = widest(candidates);
  const articles = new Int32Array(n * width);
  const pair = new Float32Array(n * width * pairs.width);
  const bandOf = bands.of(customers.encoded);
  for (const [r, list] of candidates.entries()) {
    if (r > 0 && r % atOnce === 0) yield;
    articles.set(list.articles, r * width);
    pairs.write(pair, r * width, list, { history: customers.histories[r], band: bandOf[r] }, moment);
  }
  const folded = Object.entries(articleInputs(catalogue, articles)).map(([name, { data, shape }]): [string, Values] => [
    name,
    { data, shape: [n, width, ...shape.slice(1)] },
  ]);
  return {
    ...rankerCustomers(encoder, catalogue, customers),
    ...Object.fromEntries(folded),
    pair: { data: pair, shape: [n, width, pairs.width] },
  };
}
