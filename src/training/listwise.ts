// The loss of the ranker: how far the scores of a customer's candidates are from saying what was bought. Knows not where scores come from.
import { logSumExp, mean, mul, reduceSum, sub } from '../graph/operators';
import { constant, input, type Tensor } from '../graph/tensor';

/**
 * Listwise softmax cross-entropy (Cao et al., ICML 2007, ListNet's top-one loss) over each customer's candidates. Inputs: `label`
 * [batch, candidates], summing to 1 over a customer's candidates, and `absent` [batch, candidates], 1 where a list is
 * shorter than the batch is wide.
 */
export function listwiseLoss(scores: Tensor): Tensor {
  const label = input('label', ['batch', 'candidates']);
  const absent = input('absent', ['batch', 'candidates']);
  const present = sub(scores, mul(absent, constant(1e4)));
  const target = reduceSum(mul(present, label), [-1]);
  return mean(sub(logSumExp(present), target));
}
