// The page of one article: its picture, text and colours, similar articles, and articles that are
// often bought together with it.

import { useRoute } from 'preact-iso';
import { useEffect } from 'preact/hooks';
import { ArticlePageDocument, type ArticlePageQuery } from '../../../schema/client';
import { useAnswer } from '../api';
import { articlePath, kindOf, noteOf, priceOf } from '../format';
import { addToBasket } from '../state';
import { Card } from '../parts/card';
import { Fault } from '../parts/fault';
import { Picture } from '../parts/picture';
import { Shelf } from '../parts/shelf';

type Article = NonNullable<ArticlePageQuery['article']>;

export function ArticlePage() {
  const articleId = useRoute().params['id'] ?? '';
  const { data, error, waiting, again } = useAnswer(ArticlePageDocument, { articleId, first: 12 });
  // While the answer for a new article is awaited, the previous article must not be shown.
  const article = waiting && data?.article?.id !== articleId ? undefined : data?.article;
  useEffect(() => {
    document.title = article ? `${article.name ?? article.id} · Vitrine` : 'Vitrine';
  }, [article]);
  if (error !== undefined) return <Fault message={error} again={again} />;
  if (article === null) {
    return (
      <div class="page empty">
        <h1>There is no such article</h1>
        <p class="quiet">The shop does not have “{articleId}”, or no longer has it.</p>
        <a class="button" href="/">
          To the shop window
        </a>
      </div>
    );
  }
  return (
    <div class="page">
      <div class="product">
        <div class="product-picture">
          {article && (
            <Picture image={article.image} alt={altOf(article)} sizes="(max-width: 760px) 92vw, 460px" early />
          )}
        </div>
        {article ? <About article={article} /> : <div class="about" aria-busy="true" />}
      </div>
      <Shelf title="More like this" note="By name, description and kind; at most two of one product" places={12}>
        {article?.similar.map((one) => (
          <Card key={one.article.id} article={one.article} />
        ))}
      </Shelf>
      <Shelf line title="Bought with it" note="By what others have in their baskets" places={6}>
        {article?.boughtWith.map((one) => (
          <Card key={one.article.id} article={one.article} />
        ))}
      </Shelf>
    </div>
  );
}

function About({ article }: { readonly article: Article }) {
  const name = article.name ?? article.id;
  const note = noteOf(kindOf(article), article.colour);
  const facts = factsOf(article);
  return (
    <div class="about">
      <p class="trail">{noteOf(...article.category)}</p>
      <h1>{name}</h1>
      <p class="about-price">
        {article.price === null ? (
          <span class="quiet">Not sold lately, so without a price</span>
        ) : (
          <>
            {priceOf(article)}
            {article.listPrice !== null && article.listPrice > article.price && (
              <s class="quiet"> {priceOf({ price: article.listPrice, currency: article.currency })}</s>
            )}
          </>
        )}
      </p>
      {article.description !== null && <p class="about-text">{article.description}</p>}
      <Colours article={article} />
      <button class="button main-action" type="button" onClick={() => addToBasket(article, note)}>
        Into the basket
      </button>
      <Facts facts={facts.slice(0, FIRST_FACTS)} />
      {facts.length > FIRST_FACTS && (
        <details>
          <summary class="quiet">More about it</summary>
          <Facts facts={facts.slice(FIRST_FACTS)} />
        </details>
      )}
    </div>
  );
}

function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <dl class="facts">
      {facts.map(([term, value]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Colours({ article }: { readonly article: Article }) {
  return (
    <div class="colours">
      <p class="colours-name">
        Colour: <strong>{article.colour ?? 'not named'}</strong>
      </p>
      {article.variants.length > 0 && (
        <ul>
          <li>
            <span class="swatch" aria-current="true">
              <Picture image={article.image} alt={`${article.colour ?? 'this colour'}, shown`} sizes="52px" />
            </span>
          </li>
          {article.variants.map((variant) => (
            <li key={variant.id}>
              <a class="swatch" href={articlePath(variant.id)} title={variant.colour ?? variant.id}>
                <Picture image={variant.image} alt={variant.colour ?? variant.id} sizes="52px" />
              </a>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

type Fact = readonly [term: string, value: string];

/** This many facts are shown at once. With more, the page would move while it loads. */
const FIRST_FACTS = 4;

/** The article's further values: those in words that the page does not show elsewhere. */
function factsOf(article: Article): Fact[] {
  const shown = new Set([...article.category, article.colour, article.brand, article.name]);
  const own = article.attributes
    .map((attribute): Fact => [nameOf(attribute.name), valueOf(attribute)])
    .filter(([, value]) => value !== '' && !shown.has(value));
  const brand: Fact[] = article.brand === null ? [] : [['Brand', article.brand]];
  return [...brand, ['Number', article.id], ...own];
}

/** Categories that are codes say nothing to a visitor. */
function valueOf({ values, number, flag, text }: Article['attributes'][number]): string {
  if (flag !== null) return flag ? 'yes' : 'no';
  return text ?? number?.toString() ?? values.filter((value) => /\p{L}/u.test(value)).join(', ');
}

/**
 * Writes the name of a column for people: “graphical_appearance_name” is “Graphical appearance”.
 */
function nameOf(column: string): string {
  const words = column.replace(/_name$/, '').replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function altOf(article: Article): string {
  return [article.name, article.colour, kindOf(article)].filter((part) => part !== null).join(', ');
}
