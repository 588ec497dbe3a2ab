// A recommender that answers when it is told to.

import { setTimeout as sleep } from 'node:timers/promises';
import type { RecommendationRequest, Recommender } from '../../src/serving/types';
import { plainRecommender } from './graphql-shop';

export interface HeldRecommender extends Recommender {
  /** What was asked of it so far. */
  readonly asked: RecommendationRequest[];
  /** Resolves when it has been asked for so many lists. */
  askedFor(count: number): Promise<void>;
  /** Answers what was asked and what will be. */
  release(): void;
}

export function heldRecommender(): HeldRecommender {
  const plain = plainRecommender();
  const asked: RecommendationRequest[] = [];
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  return {
    ...plain,
    asked,
    askedFor: (count) => until(() => asked.length >= count),
    release: () => release(),
    async recommend(requests) {
      asked.push(...requests);
      await released;
      return plain.recommend(requests);
    },
  };
}

/** Waits for something that happens in a moment; on a busy machine within half a minute. */
export async function until(happened: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await happened()); tries++) {
    if (tries === 3000) throw new Error(`this has not happened: ${happened.toString()}`);
    await sleep(10);
  }
}
