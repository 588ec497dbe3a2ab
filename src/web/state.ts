// What the shop window remembers between visits, in this browser alone: who is looking, what is in the basket, light or dark.
// Signals: what reads one is shown anew when it changes.

import { computed, effect, signal, type Signal } from '@preact/signals';

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
export const person = kept<Person | undefined>('person', undefined);
export const basket = kept<readonly BasketLine[]>('basket', []);
export const theme = kept<'auto' | 'light' | 'dark'>('theme', 'auto');
export const inspecting = kept('inspecting', false);

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
  const there = basket.value.find(({ id }) => id === line.id);
  if (there) setQuantity(line.id, there.quantity + 1);
  else basket.value = [...basket.value, { ...line, quantity: 1 }];
  toast.value = { text: `${line.name} is in your basket` };
}

/** 0 takes the article out. */
export function setQuantity(id: string, quantity: number): void {
  basket.value = basket.value.flatMap((line) => {
    if (line.id !== id) return [line];
    return quantity < 1 ? [] : [{ ...line, quantity: Math.min(quantity, MOST_PIECES) }];
  });
}

/** A signal that is kept in the browser. What was kept by another version and does not fit is forgotten. */
function kept<Value>(name: string, initial: Value): Signal<Value> {
  const key = `vitrine.${name}`;
  const value = signal(initial);
  try {
    const text = localStorage.getItem(key);
    if (text !== null) {
      const parsed = JSON.parse(text) as Value;
      if (initial === undefined || typeof parsed === typeof initial) value.value = parsed;
    }
  } catch {
    // A browser that keeps nothing: then it is for this visit.
  }
  effect(() => {
    const now = value.value;
    try {
      if (now === undefined) localStorage.removeItem(key);
      else localStorage.setItem(key, JSON.stringify(now));
    } catch {
      // As above.
    }
  });
  return value;
}
