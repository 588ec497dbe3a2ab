// The source of the articles whose vectors are nearest to the customer's query vector.
import type { Source } from './source';

export const TWO_TOWER = {
  name: 'TWO_TOWER',
  description: 'The Two-Tower model, which places it near this customer.',
  limit: 128,
  feature: 'found_by_towers',
  find: ({ nearest }, most) => nearest(most),
} as const satisfies Source;
