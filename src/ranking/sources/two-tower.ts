// The source of the articles whose vectors are nearest to the customer's query vector.
import type { Source } from './source';

export const TWO_TOWER: Source = {
  name: 'TWO_TOWER',
  limit: 128,
  find: ({ nearest }, most) => nearest(most),
};
