// The basket. Buying records the purchases. Then the home page is loaded again and shows what has
// changed.

import { useLocation } from 'preact-iso';
import { useEffect, useRef, useState } from 'preact/hooks';
import { HomePageDocument, RecordPurchasesDocument } from '../../../schema/client';
import { ask, messageOf } from '../api';
import { articlePath, inFigures, priceNumber, priceOf } from '../format';
import { Picture } from '../parts/picture';
import { addPieces, basket, MOST_PIECES, person, pieces, seenBefore, takeOut, toast, type BasketLine } from '../state';

export function BasketPage() {
  const lines = basket.value;
  const page = useRef<HTMLDivElement>(null);
  // Index of a line that was removed. Its button had the keyboard focus, which must move to the
  // button of another line.
  const taken = useRef<number | undefined>(undefined);
  useEffect(() => {
    if (taken.current === undefined) return;
    const buttons = page.current?.querySelectorAll<HTMLElement>('.quantity button:first-child');
    const next = buttons?.[Math.min(taken.current, buttons.length - 1)];
    (next ?? page.current?.querySelector<HTMLElement>('h1'))?.focus();
    taken.current = undefined;
  }, [lines]);
  useEffect(() => {
    document.title = 'Basket · Vitrine';
  }, []);
  if (lines.length === 0) {
    return (
      <div class="page empty" ref={page} key="empty">
        <h1 tabIndex={-1}>Your basket is empty</h1>
        <p class="quiet">Put something in, buy it, and the shop window changes with the next look.</p>
        <a class="button" href="/">
          To the shop window
        </a>
      </div>
    );
  }
  return (
    <div class="page basket" ref={page} key="lines">
      <h1>Basket</h1>
      <ul class="lines">
        {lines.map((line, i) => (
          <Line key={line.id} line={line} onLast={() => (taken.current = i)} />
        ))}
      </ul>
      <Checkout lines={lines} />
    </div>
  );
}

function Line({ line, onLast }: { readonly line: BasketLine; readonly onLast: () => void }) {
  return (
    <li class="line-item">
      <a href={articlePath(line.id)} tabIndex={-1} aria-hidden="true">
        <Picture image={line.image} alt="" sizes="88px" />
      </a>
      <div>
        <a class="card-name" href={articlePath(line.id)}>
          {line.name}
        </a>
        <p class="card-note">{line.note}</p>
        <p class="price">{priceOf(line)}</p>
      </div>
      <div class="quantity" role="group" aria-label={`Pieces of ${line.name}`}>
        <button
          type="button"
          aria-label="One less"
          onClick={() => {
            if (line.quantity === 1) onLast();
            addPieces(line.id, -1);
          }}
        >
          −
        </button>
        <span aria-live="polite">{line.quantity}</span>
        <button
          type="button"
          aria-label="One more"
          disabled={line.quantity >= MOST_PIECES}
          onClick={() => addPieces(line.id, 1)}
        >
          +
        </button>
      </div>
    </li>
  );
}

function Checkout({ lines }: { readonly lines: readonly BasketLine[] }) {
  const { route } = useLocation();
  const [state, setState] = useState<{ buying?: boolean; error?: string }>({});
  // The id of a basket stays the same until its order is recorded, so that trying again cannot buy
  // twice.
  const requestId = useRef<{ readonly content: string; readonly id: string } | undefined>(undefined);
  const customerId = person.value?.id;
  const total = lines.reduce((sum, line) => sum + priceNumber(line) * line.quantity, 0);
  const currencies = new Set(lines.map(({ currency }) => currency));
  const [currency] = currencies.size === 1 ? currencies : [];
  const unpriced = lines.reduce((sum, { price, quantity }) => sum + (price === null ? quantity : 0), 0);

  async function buy(): Promise<void> {
    if (customerId === undefined) return;
    setState({ buying: true });
    const purchases = lines.map(({ id, quantity, price }) => ({ articleId: id, quantity, price }));
    const content = JSON.stringify([customerId, purchases]);
    if (requestId.current?.content !== content) requestId.current = { content, id: crypto.randomUUID() };
    try {
      const { recommendations } = await ask(HomePageDocument, { customerId, first: 12 });
      const input = { requestId: requestId.current.id, customerId, purchases, salesChannelId: 2 };
      const { recordPurchases } = await ask(RecordPurchasesDocument, { input });
      requestId.current = undefined;
      seenBefore.value = { customerId, ids: new Set(recommendations.map(({ article }) => article.id)) };
      takeOut(lines);
      const count = recordPurchases.purchases.reduce((sum, { quantity }) => sum + quantity, 0);
      toast.value = {
        text: `${String(count)} ${count === 1 ? 'piece' : 'pieces'} bought. Your shop window has changed.`,
      };
      route('/');
    } catch (thrown) {
      setState({ error: messageOf(thrown) });
    }
  }

  return (
    <aside class="checkout" aria-label="Sum">
      <p class="sum">
        <span>
          {pieces.value} {pieces.value === 1 ? 'piece' : 'pieces'}
        </span>
        <strong>{unpriced === pieces.value ? 'no price' : inFigures(total, currency)}</strong>
      </p>
      {unpriced > 0 && unpriced < pieces.value && (
        <p class="quiet">
          {unpriced} {unpriced === 1 ? 'piece has' : 'pieces have'} no price and {unpriced === 1 ? 'is' : 'are'} not in
          the sum.
        </p>
      )}
      <button
        class="button main-action"
        type="button"
        disabled={state.buying === true || customerId === undefined}
        onClick={() => void buy()}
      >
        {state.buying ? 'Buying …' : 'Buy'}
      </button>
      {state.error !== undefined && <p role="alert">That did not work. {state.error}</p>}
      <p class="quiet">
        Nobody pays here. The purchases are recorded for the customer whose shop window this is, as by a till.
      </p>
    </aside>
  );
}
