// Where one was on a page: kept with each entry of the browser's history, and found again on the
// way back. A page that is gone to anew begins at its top. Knows nothing of what the pages show,
// only that their rows may come later.

import { useLayoutEffect, useRef } from 'preact/hooks';

/** As long as the rows of a page may take until its place is given up. */
const PATIENCE_MS = 5000;
const SETTLED_MS = 120;

/** What ends the search for the place: one has begun to move by oneself. */
const OWN_MOVES = ['wheel', 'touchstart', 'keydown', 'pointerdown'] as const;

/** Keeps and finds places for a frame that shows the page of this address within this element. */
export function usePlace(url: string, within: { readonly current: HTMLElement | null }): void {
  const looking = useRef<() => void>(undefined);
  useLayoutEffect(() => {
    history.scrollRestoration = 'manual';
    let timer: ReturnType<typeof setTimeout> | undefined;
    const keep = (): void => {
      clearTimeout(timer);
      // While a place is looked for, where the page stands is not it.
      if (!looking.current) history.replaceState({ y: scrollY }, '');
    };
    const soon = (): void => {
      clearTimeout(timer);
      timer = setTimeout(keep, SETTLED_MS);
    };
    // Back at once after scrolling: the entry that is left is out of reach, and the next one has
    // its own place.
    const forget = (): void => clearTimeout(timer);
    addEventListener('scroll', soon, { passive: true });
    // Before whatever is clicked or sent leads elsewhere.
    addEventListener('click', keep, { capture: true });
    addEventListener('submit', keep, { capture: true });
    addEventListener('pagehide', keep);
    addEventListener('popstate', forget);
    return () => {
      forget();
      removeEventListener('scroll', soon);
      removeEventListener('click', keep, { capture: true });
      removeEventListener('submit', keep, { capture: true });
      removeEventListener('pagehide', keep);
      removeEventListener('popstate', forget);
    };
  }, []);
  useLayoutEffect(() => {
    looking.current?.();
    const y = placeOf(history.state);
    scrollTo({ top: y, behavior: 'instant' });
    if (y > 0 && within.current) looking.current = lookFor(y, within.current, () => (looking.current = undefined));
    return undefined;
  }, [url]);
}

/**
 * Goes there again whenever the page has grown, until one moves by oneself. Gives a way to end it.
 */
function lookFor(y: number, within: HTMLElement, done: () => void): () => void {
  const growth = new ResizeObserver(() => scrollTo({ top: y, behavior: 'instant' }));
  const end = (): void => {
    clearTimeout(timer);
    growth.disconnect();
    for (const move of OWN_MOVES) removeEventListener(move, end, { capture: true });
    done();
  };
  const timer = setTimeout(end, PATIENCE_MS);
  for (const move of OWN_MOVES) addEventListener(move, end, { capture: true });
  // The pages change within the element: with their rows, its own size does.
  growth.observe(within);
  return end;
}

function placeOf(state: unknown): number {
  return typeof state === 'object' && state !== null && 'y' in state && typeof state.y === 'number' ? state.y : 0;
}
