// An article in a row: picture, name, kind, price, and a few words on why it is there.

import type { ArticleCardFragment } from '../../../schema/client';
import { articlePath, kindOf, noteOf, priceOf } from '../format';
import { addToBasket } from '../state';
import { PlusIcon } from './icons';
import { Picture } from './picture';

export interface CardProps {
  readonly article: ArticleCardFragment;
  readonly reason?: string | undefined;
  /** A word on the picture, such as “New”. */
  readonly badge?: string | undefined;
  readonly early?: boolean;
  readonly sizes?: string;
}

const SIZES = '(max-width: 700px) 46vw, 220px';

export function Card({ article, reason, badge, early = false, sizes = SIZES }: CardProps) {
  const name = article.name ?? article.id;
  const note = noteOf(kindOf(article), article.colour);
  return (
    <article class="card">
      <a class="card-link" href={articlePath(article.id)}>
        <span class="card-picture">
          <Picture image={article.image} alt="" sizes={sizes} early={early} />
          {badge !== undefined && <span class="badge">{badge}</span>}
        </span>
        <span class="card-name" title={name}>
          {name}
        </span>
        <span class="card-note" title={note}>
          {note}
        </span>
      </a>
      <p class="card-foot">
        <span class="price">{priceOf(article)}</span>
        <span class="reason" title={reason}>
          {reason ?? ''}
        </span>
      </p>
      <button
        class="card-add"
        type="button"
        aria-label={`Put ${name}, ${note}, into the basket`}
        title="Into the basket"
        onClick={() => addToBasket(article, note)}
      >
        <PlusIcon />
      </button>
    </article>
  );
}

/** An empty box with the size of a card, shown until the card comes. */
export function CardPlace() {
  return (
    <div class="card card-place" aria-hidden="true">
      <span class="card-picture" />
      <span class="card-name">&nbsp;</span>
      <span class="card-note">&nbsp;</span>
      <p class="card-foot">&nbsp;</p>
    </div>
  );
}
