// A recommender that holds its answers until a test releases them.

import { setTimeout as sleep } from 'node:timers/promises';
import type { RecommendationRequest, Recommender } from '../../src/serving/types';
import { plainRecommender } from './graphql-shop';

export interface HeldRecommender extends Recommender {
  /** The requests so far. */
  readonly asked: RecommendationRequest[];
  /** Resolves when it has received this many requests. */
  askedFor(count: number): Promise<void>;
  /** Answers all requests that are being held and all later requests. */
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

/** Waits until `happened` returns true, for about half a minute at most. */
export async function until(happened: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await happened()); tries++) {
    if (tries === 3000) throw new Error(`this has not happened: ${happened.toString()}`);
    await sleep(10);
  }
}
