// What the shop window remembers between visits, in this browser alone: who is looking, what is in
// the basket, light or dark. Signals: what reads one is shown anew when it changes.

import { computed, effect, signal, type ReadonlySignal, type Signal } from '@preact/signals';

/** A customer as the switch knows them. */
export interface Person {
  readonly id: string;
  /** What to call them, “34, dresses and blouses”. */
  readonly label: string;
}

export interface BasketLine {
  readonly id: string;
  readonly name: string;
  readonly note: string;
  readonly image: string;
  /** As the API gives it; null: unknown. */
  readonly price: number | null;
  readonly quantity: number;
}

/** Pieces of one article at most. */
export const MOST_PIECES = 9;

/** Undefined: nobody was chosen yet. */
export const person = kept<Person | undefined>('person', undefined).value;
const keptBasket = kept<readonly BasketLine[]>('basket', []);
export const basket: ReadonlySignal<readonly BasketLine[]> = keptBasket.value;
export const theme = kept<'auto' | 'light' | 'dark'>('theme', 'auto').value;
export const inspecting = kept('inspecting', false).value;

// One basket, however many tabs look into it. Who is looking is each tab's own until the next
// visit.
addEventListener('storage', keptBasket.readAgain);

/** As in styles/inspector.css: on screens as narrow as this the inspector lies over the page. */
const narrow = matchMedia('(max-width: 1100px)');
const isNarrow = signal(narrow.matches);
narrow.addEventListener('change', () => (isNarrow.value = narrow.matches));

/** Whether the inspector hides the page, which is out of reach then. */
export const covered = computed(() => inspecting.value && isNarrow.value);

export const pieces = computed(() => basket.value.reduce((sum, { quantity }) => sum + quantity, 0));

/** One short message, shown for a moment. */
export const toast = signal<{ readonly text: string } | undefined>(undefined);

/** What was recommended before something was bought, by customer: what is new since is marked. */
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

/** So many pieces more, or less; the last one takes the article out. */
export function addPieces(id: string, more: number): void {
  changeBasket((lines) => lines.map((line) => (line.id === id ? withQuantity(line, line.quantity + more) : line)));
}

/** What was bought; what another tab has put in meanwhile stays. */
export function takeOut(bought: readonly BasketLine[]): void {
  for (const { id, quantity } of bought) addPieces(id, -quantity);
}

/**
 * Goes by what is kept now: another tab may have changed it, and this one not have heard of it yet.
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
  /** Takes over what another tab has written since. */
  readonly readAgain: () => void;
}

/**
 * A signal that is kept in the browser. What was kept by another version and does not fit is
 * forgotten. Written is only what is changed here: a tab that wrote back what it has heard would
 * undo what the other one does next.
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
      // A browser that keeps nothing: then it is for this visit.
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
      // As above.
    }
  });
  return { value, readAgain };
}
