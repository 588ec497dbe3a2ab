// Explains why each article is on a page. The inspector shows the lists of an operation with rank,
// score and reasons.

import type { ArticleCardFragment, ArticlePageQuery, HomePageQuery, SearchQuery } from '../../schema/client';
import type { Operation } from './api';
import { kindOf, percent, reasonOf } from './format';

/** One article of a list. */
export interface Explained {
  readonly id: string;
  readonly name: string;
  readonly rank: number;
  readonly why: string;
  /** The score as text for people. Missing if the list has no scores. */
  readonly score?: string;
  readonly tags: readonly { readonly text: string; readonly main: boolean }[];
}

export interface ExplainedList {
  readonly title: string;
  /** Explains the meaning of the list's scores. */
  readonly meaning: string;
  readonly articles: readonly Explained[];
}

/** Returns the lists of an operation. An operation that does not belong to a page has none. */
export function listsOf({ name, data, variables }: Operation): ExplainedList[] {
  if (data === undefined) return [];
  if (name === 'HomePage') return ofHome(data as HomePageQuery);
  if (name === 'ArticlePage') return ofArticle(data as ArticlePageQuery);
  if (name === 'Search') return [ofSearch(data as SearchQuery, (variables as { text: string }).text)];
  return [];
}

/**
 * Returns articles that the customer has bought before and may want again, or none if there are too
 * few for a row.
 */
export function toBuyAgain({ again }: HomePageQuery): HomePageQuery['again'] {
  const own = again.filter(({ source }) => source === 'OWN_PURCHASES');
  return own.length > 3 ? own : [];
}

const CHANCE = 'The score is the chance that it is bought next.';
const COSINE = 'The score is how alike the two are, from −1 to 1.';

function ofHome(data: HomePageQuery): ExplainedList[] {
  const ageKnown = typeof data.customer?.age === 'number';
  const lists: ExplainedList[] = [
    {
      title: 'For you',
      meaning: CHANCE,
      articles: data.recommendations.map((one) => ({
        ...said(one),
        why: reasonOf(one, ageKnown),
        score: percent(one.score),
        tags: one.sources.map((source) => ({ text: wordsOf(source), main: source === one.source })),
      })),
    },
    ...(data.customer?.purchases.nodes ?? []).slice(0, 1).map(({ article }) => ({
      title: `Because you bought ${article.name ?? article.id}`,
      meaning: `${COSINE} What is bought together counts for seven tenths of it.`,
      articles: alike(article, article.similar),
    })),
    {
      title: 'Buy again',
      meaning: CHANCE,
      articles: toBuyAgain(data).map((one) => ({
        ...said(one),
        why: 'You bought it before',
        score: percent(one.score),
        tags: [],
      })),
    },
    {
      title: 'Trending now',
      meaning: 'By how many bought it in the shop’s last week, for everybody the same.',
      articles: data.trending.map((one) => ({
        ...said(one),
        why: `Bought by ${String(one.buyersLastWeek)}`,
        tags: [],
      })),
    },
  ];
  return lists.filter(({ articles }) => articles.length > 0);
}

function ofArticle({ article }: ArticlePageQuery): ExplainedList[] {
  if (!article) return [];
  return [
    { title: 'More like this', meaning: COSINE, articles: alike(article, article.similar) },
    {
      title: 'Bought with it',
      meaning: `${COSINE} What is bought together counts for nine tenths of it.`,
      articles: alike(article, article.boughtWith),
    },
  ];
}

function ofSearch({ searchArticles }: SearchQuery, text: string): ExplainedList {
  const words = [...new Set(wordsIn(text))];
  return {
    title: 'What fits best',
    meaning: 'The score is how near the words are to the article’s text, from −1 to 1.',
    articles: searchArticles.map((one) => {
      const { name, category, brand, colour } = one.article;
      const shown = wordsIn([name, ...category, brand, colour].join(' '));
      // A word of the search matches a word of the article if either word begins with the other,
      // since their endings may differ.
      const there = words.filter((word) => shown.some((one) => one.startsWith(word) || word.startsWith(one)));
      return {
        ...said(one),
        why: there.length > 0 ? 'In its name, kind or colour:' : 'Near by the rest of its text',
        score: one.score.toFixed(2),
        tags: there.map((word) => ({ text: word, main: true })),
      };
    }),
  };
}

/** Traits that two articles may share. */
const TRAITS = {
  kind: kindOf,
  colour: ({ colour }) => colour,
  brand: ({ brand }) => brand,
} as const satisfies Readonly<Record<string, (article: ArticleCardFragment) => string | null>>;

interface Alike {
  readonly article: ArticleCardFragment;
  readonly rank: number;
  readonly score: number;
}

function alike(to: ArticleCardFragment, similar: readonly Alike[]): Explained[] {
  const names = Object.keys(TRAITS) as (keyof typeof TRAITS)[];
  return similar.map((one) => {
    const same = names.filter((name) => TRAITS[name](to) !== null && TRAITS[name](to) === TRAITS[name](one.article));
    return {
      ...said(one),
      why: same.length > 0 ? `Same ${same.join(', ')}` : 'Near by the rest of its text, or bought together',
      score: one.score.toFixed(2),
      tags: same.map((name) => ({ text: TRAITS[name](to) ?? '', main: name === 'kind' })),
    };
  });
}

function said({ article, rank }: { readonly article: ArticleCardFragment; readonly rank: number }) {
  return { id: article.id, name: article.name ?? article.id, rank };
}

function wordsIn(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

function wordsOf(source: string): string {
  return source.toLowerCase().replaceAll('_', ' ');
}
