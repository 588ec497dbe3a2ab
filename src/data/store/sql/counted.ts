// The purchases that count: in histories, sales and training. Returned and cancelled ones do not.

import { Prisma } from '../prisma/client';

/** A condition on rows of `purchases`. */
export const COUNTED = Prisma.raw(`state = 'bought' AND quantity > 0`);
