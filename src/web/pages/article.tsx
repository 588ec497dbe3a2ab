// The page of one article: its picture, text and colours, similar articles, and articles that are
// often bought together with it.

import { useRoute } from 'preact-iso';
import { useEffect } from 'preact/hooks';
import { ArticlePageDocument, type ArticlePageQuery } from '../../../schema/client';
import { useAnswer } from '../api';
import { articlePath, noteOf, priceOf } from '../format';
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
  const note = noteOf(article.productTypeName, article.colourGroupName);
  return (
    <div class="about">
      <p class="trail">{noteOf(article.indexGroupName, article.sectionName, article.productTypeName)}</p>
      <h1>{name}</h1>
      <p class="about-price">
        {article.price === null ? (
          <span class="quiet">Not sold lately, so without a price</span>
        ) : (
          priceOf(article.price)
        )}
      </p>
      {article.description !== null && <p class="about-text">{article.description}</p>}
      <Colours article={article} />
      <button
        class="button main-action"
        type="button"
        onClick={() => addToBasket({ id: article.id, name, note, image: article.image, price: article.price })}
      >
        Into the basket
      </button>
      <dl class="facts">
        {factsOf(article).map(([term, value]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function Colours({ article }: { readonly article: Article }) {
  return (
    <div class="colours">
      <p class="colours-name">
        Colour: <strong>{article.colourGroupName ?? 'not named'}</strong>
      </p>
      {article.variants.length > 0 && (
        <ul>
          <li>
            <span class="swatch" aria-current="true">
              <Picture image={article.image} alt={`${article.colourGroupName ?? 'this colour'}, shown`} sizes="52px" />
            </span>
          </li>
          {article.variants.map((variant) => (
            <li key={variant.id}>
              <a class="swatch" href={articlePath(variant.id)} title={variant.colourGroupName ?? variant.id}>
                <Picture image={variant.image} alt={variant.colourGroupName ?? variant.id} sizes="52px" />
              </a>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function factsOf(article: Article): [string, string][] {
  const facts: [string, string | null][] = [
    ['Pattern', article.graphicalAppearanceName],
    ['Department', article.departmentName],
    ['Group', article.garmentGroupName],
    ['Number', article.id],
    ...article.attributes.map(({ name, values, number }): [string, string] => [
      name,
      values.length > 0 ? values.join(', ') : String(number),
    ]),
  ];
  return facts.filter((fact): fact is [string, string] => fact[1] !== null);
}

function altOf(article: Article): string {
  return [article.name, article.colourGroupName, article.productTypeName].filter((part) => part !== null).join(', ');
}
