// A warm start: training continues from former weights. Parameters of the same shape are copied.
// Rows of embedding tables move to the new slots of their articles or values. Rows of new articles
// or values start as usual.
import { VitrineError } from '../../errors';
import { VOCABULARIES, type Encoder } from '../../features/encoder';
import { pairWidth } from '../../features/pair-features';
import type { FormerWeights } from '../../release/weights';
import type { Initialise } from '../optimise/learnt';

/**
 * Returns a function that overwrites initial weights with former weights, whose encoder may differ
 * from `current`.
 */
export function warmStart(former: FormerWeights, current: Encoder): Initialise {
  const moves = VOCABULARIES.map((vocabulary) => ({
    vocabulary,
    from: formerSlots(former.encoder.slotNames(vocabulary), current.slotNames(vocabulary)),
  }));
  return (name, shape, values) => {
    const old = former.weights.get(name);
    if (old === undefined) return;
    const move = moves.find(({ vocabulary }) => name.endsWith(vocabulary));
    if (move) {
      const [, width] = shape;
      if (old.shape[1] !== width) return;
      move.from.forEach((from, to) => {
        if (from >= 0) values.set(old.data.subarray(from * width, (from + 1) * width), to * width);
      });
    } else if (old.shape.join() === shape.join()) values.set(old.data);
  };
}

/**
 * Checks the number of attributes. A former ranker is kept unchanged, so pairs must have the same
 * number of features as before.
 * @throws VitrineError RELEASE_INVALID if articles now have more or fewer attributes
 */
export function checkAttributes(former: FormerWeights, current: Encoder): void {
  const [then, now] = [former.encoder, current].map(({ articleLayout }) => pairWidth(articleLayout));
  if (then === now) return;
  throw new VitrineError(
    'RELEASE_INVALID',
    `Nothing can go on from ${former.name}: its ranker reads ${String(then)} features of a pair, and articles have ${String(now)} now, since their attributes are others. Train without --warm-start.`,
  );
}

/** [current slots] the former slot of the same name, −1 if there is none. */
function formerSlots(former: readonly string[], current: readonly string[]): Int32Array {
  const slots = new Map(former.map((name, slot) => [name, slot]));
  return Int32Array.from(current, (name) => slots.get(name) ?? -1);
}
