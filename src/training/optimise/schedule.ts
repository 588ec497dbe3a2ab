// Learning-rate schedules: by how much the rates of a step are scaled, as pure functions of its
// number. Knows no trainer.

/** The factor of a step's learning rates; steps count from 1. */
export type Schedule = (step: number) => number;

export const constantRate: Schedule = () => 1;

export interface Decay {
  /** Steps in all, the warm-up among them; later ones keep the floor. */
  readonly steps: number;
  /** Steps until the full rate, rising evenly from nothing (Goyal et al., arXiv 1706.02677). */
  readonly warmUp: number;
  /**
   * How the rate falls afterwards: half a cosine (Loshchilov & Hutter, SGDR, arXiv 1608.03983) or a
   * straight line.
   */
  readonly shape: 'cosine' | 'linear';
  /** Share of the rate that the last step keeps. */
  readonly floor: number;
}

/** Rises to 1 at step `warmUp`, then falls to `floor` at the last step. */
export function decayingRate({ steps, warmUp, shape, floor }: Decay): Schedule {
  return (step) => {
    if (step < warmUp) return step / warmUp;
    const gone = Math.min(1, (step - warmUp) / Math.max(1, steps - warmUp));
    const left = shape === 'cosine' ? (1 + Math.cos(Math.PI * gone)) / 2 : 1 - gone;
    return floor + (1 - floor) * left;
  };
}
