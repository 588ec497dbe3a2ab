// Finds the column that tells purchases from other rows of a log of events.

import type { Reached } from '../model';
import type { Column } from '../profile/profile';
import { eventWord } from '../words';

/** A kind of rows in a log of events, and how many there are. */
export interface EventKind {
  readonly word: string;
  readonly count: number;
  readonly purchase: boolean;
}

export interface Events {
  readonly column: string;
  readonly kinds: readonly EventKind[];
  /** Whether some word is known to mean a purchase. */
  readonly known: boolean;
}

/** Kinds with more different words than this are no kinds. */
export const MOST_KINDS = 60;

/** The column that says which rows are purchases; undefined if all rows are. */
export function eventsOf(reached: readonly Reached[]): Events | undefined {
  const scored = reached
    .filter(({ column }) => ['category', 'id', 'text', 'flag', 'number'].includes(column.type))
    .filter(({ column: { sketch } }) => sketch.complete && sketch.distinct <= MOST_KINDS)
    .flatMap(({ column }) => {
      const events = kindsOf(column);
      const score = eventScore(column);
      return score > 0.5 ? [{ events, score: score + (events.known ? 0.5 : 0) }] : [];
    })
    .sort((a, b) => b.score - a.score);
  return scored.at(0)?.events;
}

function kindsOf({ name, sketch }: Column): Events {
  const kinds = [...sketch.values].map(([word, count]) => ({ word, count, purchase: eventWord(word) === 'purchase' }));
  return { column: name, kinds, known: kinds.some(({ purchase }) => purchase) };
}

function eventScore({ meaning, sketch, type, filled }: Column): number {
  const words = [...sketch.values].map(([word, count]) => [eventWord(word), count] as const);
  const share = (wanted: string): number =>
    words.reduce((sum, [word, count]) => sum + (word === wanted ? count : 0), 0) / Math.max(1, filled);
  const { facets } = meaning;
  const others = share('other');
  const known = others + share('purchase') + share('return');
  // "paid" and "refunded" are states of an order, unless there are views and clicks as well.
  if (facets.has('status') && others === 0) return 0;
  if (facets.has('event') && !facets.has('date') && !facets.has('id') && !facets.has('total')) {
    if (type === 'number') return facets.has('category') && sketch.distinct > 1 && sketch.distinct <= 8 ? 0.6 : 0;
    return sketch.distinct === 1 && known === 0 ? 0 : 0.6 + known;
  }
  const named = facets.has('category') || meaning.words.length === 0 ? 0.3 : 0;
  if (known < 0.5 || sketch.distinct < 2) return 0;
  return known + named - (facets.has('description') ? 0.2 : 0);
}
