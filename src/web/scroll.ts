// Remembers how far a page was scrolled, with each entry of the browser's history, and scrolls
// there again on the way back. A new page begins at its top. The rows of a page may come late.

import { useLayoutEffect, useRef } from 'preact/hooks';

/** How long the rows of a page may take. After that it stays where it is. */
const PATIENCE_MS = 5000;
const SETTLED_MS = 120;

/** Events that end the search for the place: the visitor has begun to scroll. */
const OWN_MOVES = ['wheel', 'touchstart', 'keydown', 'pointerdown'] as const;

/** Keeps and restores places for the page of this address, which is shown within this element. */
export function usePlace(url: string, within: { readonly current: HTMLElement | null }): void {
  const looking = useRef<() => void>(undefined);
  useLayoutEffect(() => {
    history.scrollRestoration = 'manual';
    let timer: ReturnType<typeof setTimeout> | undefined;
    const keep = (): void => {
      clearTimeout(timer);
      // While a place is being restored, the present position is not the place.
      if (!looking.current) history.replaceState({ y: scrollY }, '');
    };
    const soon = (): void => {
      clearTimeout(timer);
      timer = setTimeout(keep, SETTLED_MS);
    };
    // The visitor went back right after scrolling. The entry that was left can no longer be
    // changed.
    const forget = (): void => clearTimeout(timer);
    addEventListener('scroll', soon, { passive: true });
    // A click or a form may lead to another page, so the place is kept first.
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
 * Scrolls there again whenever the page grows, until the visitor scrolls. Returns a function that
 * ends it.
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
  // The pages are within the element, so it grows with their rows.
  growth.observe(within);
  return end;
}

function placeOf(state: unknown): number {
  return typeof state === 'object' && state !== null && 'y' in state && typeof state.y === 'number' ? state.y : 0;
}
