// The state of the shop window, as signals. Some are kept in the browser between visits: the
// customer, the basket, light or dark.

import { computed, effect, signal, type ReadonlySignal, type Signal } from '@preact/signals';

/** A customer in the customer switch. */
export interface Person {
  readonly id: string;
  /** “34, dresses and blouses”. */
  readonly label: string;
}

export interface BasketLine {
  readonly id: string;
  readonly name: string;
  readonly note: string;
  readonly image: string;
  /** As the API gives it; null: not known. */
  readonly price: number | null;
  readonly quantity: number;
}

/** The most pieces of one article. */
export const MOST_PIECES = 9;

/** Undefined: nobody was chosen yet. */
export const person = kept<Person | undefined>('person', undefined).value;
const keptBasket = kept<readonly BasketLine[]>('basket', []);
export const basket: ReadonlySignal<readonly BasketLine[]> = keptBasket.value;
export const theme = kept<'auto' | 'light' | 'dark'>('theme', 'auto').value;
export const inspecting = kept('inspecting', false).value;

// All tabs share one basket. Each tab has its own customer until the next visit.
addEventListener('storage', keptBasket.readAgain);

/**
 * On screens this narrow the inspector covers the page. styles/inspector.css has the same width.
 */
const narrow = matchMedia('(max-width: 1100px)');
const isNarrow = signal(narrow.matches);
narrow.addEventListener('change', () => (isNarrow.value = narrow.matches));

/** Whether the inspector covers the page, which cannot be used then. */
export const covered = computed(() => inspecting.value && isNarrow.value);

export const pieces = computed(() => basket.value.reduce((sum, { quantity }) => sum + quantity, 0));

/** One short message, shown for a moment. */
export const toast = signal<{ readonly text: string } | undefined>(undefined);

/** Recommendations from before the customer bought something. Later ones that differ are marked. */
export const seenBefore = signal<{ readonly customerId: string; readonly ids: ReadonlySet<string> } | undefined>(
  undefined,
);

effect(() => {
  document.documentElement.dataset['theme'] = theme.value;
});

const NEW_VISITOR = 'New visitor';

export function newVisitor(): Person {
  return { id: `visitor-${crypto.randomUUID().slice(0, 8)}`, label: NEW_VISITOR };
}

export function isNewVisitor(one: Person | undefined): boolean {
  return one?.label === NEW_VISITOR;
}

export function addToBasket(line: Omit<BasketLine, 'quantity'>): void {
  changeBasket((lines) =>
    lines.some(({ id }) => id === line.id)
      ? lines.map((one) => (one.id === line.id ? withQuantity(one, one.quantity + 1) : one))
      : [...lines, { ...line, quantity: 1 }],
  );
  toast.value = { text: `${line.name} is in your basket` };
}

/** Adds pieces, or takes some away. An article without pieces leaves the basket. */
export function addPieces(id: string, more: number): void {
  changeBasket((lines) => lines.map((line) => (line.id === id ? withQuantity(line, line.quantity + more) : line)));
}

/** Takes out the bought pieces. Pieces that another tab has added meanwhile stay. */
export function takeOut(bought: readonly BasketLine[]): void {
  for (const { id, quantity } of bought) addPieces(id, -quantity);
}

/** Reads the kept basket first: another tab may have changed it without this one knowing. */
function changeBasket(change: (lines: readonly BasketLine[]) => readonly BasketLine[]): void {
  keptBasket.readAgain();
  keptBasket.value.value = change(basket.value).filter(({ quantity }) => quantity > 0);
}

function withQuantity(line: BasketLine, quantity: number): BasketLine {
  return { ...line, quantity: Math.min(quantity, MOST_PIECES) };
}

interface Kept<Value> {
  readonly value: Signal<Value>;
  /** Takes over what another tab has written. */
  readonly readAgain: () => void;
}

/**
 * A signal that is kept in the browser. A kept value of another type, from another version, is
 * ignored. Only changes of this tab are written: a tab that wrote back what it read would undo the
 * next change of the other tab.
 */
function kept<Value>(name: string, initial: Value): Kept<Value> {
  const key = `vitrine.${name}`;
  const value = signal(initial);
  let known: string | null = null;
  const readAgain = (): void => {
    try {
      const text = localStorage.getItem(key);
      if (text === known) return;
      known = text;
      const parsed = text === null ? initial : (JSON.parse(text) as Value);
      if (initial === undefined || typeof parsed === typeof initial) value.value = parsed;
    } catch {
      // The browser keeps nothing. The value then lasts for this visit.
    }
  };
  readAgain();
  effect(() => {
    const now = value.value;
    const text = now === undefined ? null : JSON.stringify(now);
    if (text === known || (known === null && now === initial)) return;
    try {
      if (text === null) localStorage.removeItem(key);
      else localStorage.setItem(key, text);
      known = text;
    } catch {
      // The browser keeps nothing, as above.
    }
  });
  return { value, readAgain };
}
