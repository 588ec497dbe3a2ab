// Stores the scroll position of a page in its entry of the browser's history, and restores the
// position when the visitor goes back. A new page begins at its top. The position may have to be
// restored in steps, since the rows of a page may load late.

import { useLayoutEffect, useRef } from 'preact/hooks';

/**
 * Time that the rows of a page may take to load, in ms. After that the page no longer scrolls by
 * itself.
 */
const PATIENCE_MS = 5000;
const SETTLED_MS = 120;

/** Events that end the restoring of a position, because the visitor may have begun to scroll. */
const OWN_MOVES = ['wheel', 'touchstart', 'keydown', 'pointerdown'] as const;

/**
 * Stores and restores scroll positions. `url` is the address of the current page, and `within` is
 * the element that contains the page.
 */
export function usePlace(url: string, within: { readonly current: HTMLElement | null }): void {
  const looking = useRef<() => void>(undefined);
  useLayoutEffect(() => {
    history.scrollRestoration = 'manual';
    let timer: ReturnType<typeof setTimeout> | undefined;
    const keep = (): void => {
      clearTimeout(timer);
      // While a position is being restored, the current position is not the one to store.
      if (!looking.current) history.replaceState({ y: scrollY }, '');
    };
    const soon = (): void => {
      clearTimeout(timer);
      timer = setTimeout(keep, SETTLED_MS);
    };
    // If the visitor goes back right after scrolling, the position is not stored: the history entry
    // that was left can no longer be changed.
    const forget = (): void => clearTimeout(timer);
    addEventListener('scroll', soon, { passive: true });
    // A click or a form may lead to another page, so the position is stored first.
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
 * Scrolls to `y` again whenever the page grows, until the visitor scrolls or the time is up.
 * Returns a function that stops this earlier.
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
  // The page is within this element, so the element grows when rows are added.
  growth.observe(within);
  return end;
}

function placeOf(state: unknown): number {
  return typeof state === 'object' && state !== null && 'y' in state && typeof state.y === 'number' ? state.y : 0;
}
