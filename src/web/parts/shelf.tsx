// A titled row of cards, either a grid or a single line that scrolls sideways. While the row waits
// for its cards, it shows empty boxes of the same size.

import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { CardPlace } from './card';

export interface ShelfProps {
  readonly title: ComponentChildren;
  readonly note?: ComponentChildren;
  /** Whether the row is a single line that scrolls sideways. */
  readonly line?: boolean;
  /**
   * Whether the cards are from the previous answer. They stay, pale, until the next answer comes.
   */
  readonly stale?: boolean;
  /** Number of empty boxes to show while there are no cards yet. */
  readonly places: number;
  readonly children?: ComponentChildren;
}

export function Shelf({ title, note, line = false, stale = false, places, children }: ShelfProps) {
  const id = useId();
  return (
    <section class={stale ? 'shelf stale' : 'shelf'} aria-labelledby={id} inert={stale}>
      <header class="shelf-head">
        <h2 id={id}>{title}</h2>
        {/* Each text has its own key, so that no layout shift is counted when the note appears. */}
        <p class="quiet" key={stale ? 'stale' : note ? 'note' : 'place'}>
          {stale ? 'One moment …' : (note ?? '\u00a0')}
        </p>
      </header>
      <div
        class={line ? 'cards line' : 'cards grid'}
        aria-busy={stale || children === undefined}
        {...(line ? { role: 'group', tabIndex: 0, 'aria-labelledby': id } : {})}
      >
        {children ?? Array.from({ length: places }, (_, i) => <CardPlace key={i} />)}
      </div>
    </section>
  );
}
