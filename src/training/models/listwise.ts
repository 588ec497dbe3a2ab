// The loss of the ranker: how far the scores of a customer's candidates are from saying what was
// bought. Knows not where scores come from.
import { add, logSumExp, mean, mul, reduceSum, sub } from '../../graph/operators';
import { input, type Tensor } from '../../graph/tensor';

/**
 * Listwise softmax cross-entropy (Cao et al., ICML 2007, ListNet's top-one loss) over each
 * customer's candidates. Inputs: `label` [batch, candidates], summing to 1 over a customer's
 * candidates, and `correction` [batch, candidates], the logarithm of how many candidates each
 * stands for where only some were drawn (log-Q correction; Bengio & Senécal, 2008), and ABSENT
 * where a list is shorter than the batch is wide.
 */
export function listwiseLoss(scores: Tensor): Tensor {
  const label = input('label', ['batch', 'candidates']);
  const correction = input('correction', ['batch', 'candidates']);
  const target = reduceSum(mul(scores, label), [-1]);
  return mean(sub(logSumExp(add(scores, correction)), target));
}

/** The correction of what is no candidate: it stands for none. */
export const ABSENT = -1e4;
