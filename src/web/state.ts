// The state of the shop window, as signals. The browser stores some of them between visits: the
// customer, the basket, and the choice of light or dark.

import { computed, effect, signal, type ReadonlySignal, type Signal } from '@preact/signals';

/** A customer in the customer switch. */
export interface Person {
  readonly id: string;
  /** Description for visitors, such as “34, dresses and blouses”. */
  readonly label: string;
}

export interface BasketLine {
  readonly id: string;
  readonly name: string;
  readonly note: string;
  readonly image: string;
  /** The price as in the API. Null if it is not known. */
  readonly price: number | null;
  /** Null if the shop names none. Missing in a basket that was stored before there were any. */
  readonly currency?: string | null;
  readonly quantity: number;
}

/** Maximum number of pieces of one article in the basket. */
export const MOST_PIECES = 9;

/** The chosen customer. Undefined if none has been chosen yet. */
export const person = kept<Person | undefined>('person', undefined).value;
const keptBasket = kept<readonly BasketLine[]>('basket', []);
export const basket: ReadonlySignal<readonly BasketLine[]> = keptBasket.value;
export const theme = kept<'auto' | 'light' | 'dark'>('theme', 'auto').value;
export const inspecting = kept('inspecting', false).value;

// All tabs share one basket. The customer of a tab does not change when another tab chooses one.
addEventListener('storage', keptBasket.readAgain);

/**
 * On screens this narrow the inspector covers the page. The same width is in styles/inspector.css.
 */
const narrow = matchMedia('(max-width: 1100px)');
const isNarrow = signal(narrow.matches);
narrow.addEventListener('change', () => (isNarrow.value = narrow.matches));

/** Whether the inspector covers the page, so that the page cannot be used. */
export const covered = computed(() => inspecting.value && isNarrow.value);

export const pieces = computed(() => basket.value.reduce((sum, { quantity }) => sum + quantity, 0));

/** A short message, shown for a few seconds. */
export const toast = signal<{ readonly text: string } | undefined>(undefined);

/**
 * Ids of the articles that were recommended before the customer's last purchase. Recommended
 * articles that are not among them are marked as new.
 */
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

interface ForBasket extends Omit<BasketLine, 'quantity' | 'note' | 'name'> {
  readonly name: string | null;
}

/** Puts a piece of an article into the basket, with a note that says what it is. */
export function addToBasket({ id, name, image, price, currency }: ForBasket, note: string): void {
  const line = { id, name: name ?? id, note, image, price, currency: currency ?? null };
  changeBasket((lines) =>
    lines.some(({ id }) => id === line.id)
      ? lines.map((one) => (one.id === line.id ? withQuantity(one, one.quantity + 1) : one))
      : [...lines, { ...line, quantity: 1 }],
  );
  toast.value = { text: `${line.name} is in your basket` };
}

/**
 * Adds pieces, or removes some if `more` is negative. An article with no pieces left is removed
 * from the basket.
 */
export function addPieces(id: string, more: number): void {
  changeBasket((lines) => lines.map((line) => (line.id === id ? withQuantity(line, line.quantity + more) : line)));
}

/** Removes the bought pieces. Pieces that another tab has added in the meantime stay. */
export function takeOut(bought: readonly BasketLine[]): void {
  for (const { id, quantity } of bought) addPieces(id, -quantity);
}

/**
 * Changes the basket. First reads the stored basket again, since this tab may have missed a change
 * made by another tab.
 */
function changeBasket(change: (lines: readonly BasketLine[]) => readonly BasketLine[]): void {
  keptBasket.readAgain();
  keptBasket.value.value = change(basket.value).filter(({ quantity }) => quantity > 0);
}

function withQuantity(line: BasketLine, quantity: number): BasketLine {
  return { ...line, quantity: Math.min(quantity, MOST_PIECES) };
}

interface Kept<Value> {
  readonly value: Signal<Value>;
  /** Takes over the value that another tab has stored. */
  readonly readAgain: () => void;
}

/**
 * Makes a signal whose value is stored in the browser. A stored value of another type, which
 * another version of the shop window may have left, is ignored. Only changes made in this tab are
 * stored. If a tab stored a value that it had just read, it could undo the next change of another
 * tab.
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
      // The browser does not allow storage, so the value lasts only for this visit.
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
      // The browser does not allow storage, as above.
    }
  });
  return { value, readAgain };
}
