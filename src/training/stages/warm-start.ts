// Starts a training from what another learnt: parameters of the same shape are taken, rows of
// embedding tables follow what they stand for (an article, a value of a feature) to their new
// slots. What is new starts as ever. Knows no model.
import { VitrineError } from '../../errors';
import { VOCABULARIES, type Encoder } from '../../features/encoder';
import { pairWidth } from '../../features/pair-features';
import type { Trained } from '../../release/weights';
import type { Initialise } from '../optimise/trainer';

/**
 * Overwrites first weights with those of a former training, whose encoder may be another than
 * `current`.
 */
export function warmStart(former: Trained, current: Encoder): Initialise {
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
 * A ranker that stays as it is must read as many features of a pair as there are now.
 * @throws VitrineError RELEASE_INVALID where articles have more or fewer attributes than when it
 * was trained
 */
export function checkAttributes(former: Trained, current: Encoder): void {
  const [then, now] = [former.encoder, current].map(({ articleLayout }) => pairWidth(articleLayout));
  if (then === now) return;
  throw new VitrineError(
    'RELEASE_INVALID',
    `Nothing can go on from ${former.name}: its ranker reads ${String(then)} features of a pair, and articles have ${String(now)} now, since their attributes are others. Train without --warm-start.`,
  );
}

/** [current slots] the former slot of the same name, −1 where there was none. */
function formerSlots(former: readonly string[], current: readonly string[]): Int32Array {
  const slots = new Map(former.map((name, slot) => [name, slot]));
  return Int32Array.from(current, (name) => slots.get(name) ?? -1);
}
