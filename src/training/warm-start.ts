// Starts a training from what another learnt: parameters of the same shape are taken, rows of embedding tables follow what they
// stand for (an article, a value of a feature) to their new slots. What is new starts as ever. Knows no model.
import { VOCABULARIES, type Encoder } from '../features/encoder';
import type { Trained } from '../release/weights';
import type { Initialise } from './trainer';

/** Overwrites first weights with those of a former training, whose encoder may be another than `current`. */
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

/** [current slots] the former slot of the same name, −1 where there was none. */
function formerSlots(former: readonly string[], current: readonly string[]): Int32Array {
  const slots = new Map(former.map((name, slot) => [name, slot]));
  return Int32Array.from(current, (name) => slots.get(name) ?? -1);
}
