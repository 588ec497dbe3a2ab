// Search by words. The embeddings of the articles' texts decide which articles fit best.

import { useLocation } from 'preact-iso';
import { useEffect } from 'preact/hooks';
import { ProposalsDocument, SearchDocument, type ProposalsQuery } from '../../../schema/client';
import { operations, useAnswer } from '../api';
import { kindOf, milliseconds } from '../format';
import { Card } from '../parts/card';
import { Fault } from '../parts/fault';
import { Shelf } from '../parts/shelf';

const PROPOSALS = 5;
const FOUND = 24;

export function SearchPage() {
  const text = (useLocation().query['q'] ?? '').trim().slice(0, 200);
  const answer = useAnswer(SearchDocument, isWords(text) ? { text, first: FOUND } : null);
  const { data, error, again } = answer;
  const selling = useAnswer(ProposalsDocument, {}).data?.trending ?? [];
  useEffect(() => {
    document.title = text === '' ? 'Search · Vitrine' : `${text} · Vitrine`;
  }, [text]);
  const operation = operations.value.find((one) => one.data !== undefined && one.data === data);
  return (
    <div class="page" aria-busy={answer.waiting}>
      <div class="greeting">
        <h1>{text === '' ? 'Search' : <>“{text}”</>}</h1>
        <ul class="proposals" aria-label="Other searches">
          {proposalsOf(selling, text).map((proposal) => (
            <li key={proposal}>
              <a href={`/search?q=${encodeURIComponent(proposal)}`}>{proposal}</a>
            </li>
          ))}
        </ul>
      </div>
      {error !== undefined ? (
        <Fault message={error} again={again} />
      ) : text !== '' && !isWords(text) ? (
        <p role="status">There are no words in that to search by. Say what it is, its colour, or what it is made of.</p>
      ) : (
        text !== '' && (
          <Shelf
            stale={answer.waiting && data !== undefined}
            title="What fits best"
            note={operation?.trace && `By meaning; the answer took ${milliseconds(operation.trace.totalMs)}`}
            places={FOUND}
          >
            {data?.searchArticles.map(({ article }, i) => (
              <Card key={article.id} article={article} early={i < 6} />
            ))}
          </Shelf>
        )
      )}
    </div>
  );
}

/** Whether the text contains a letter or a digit. The API refuses other searches. */
function isWords(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text);
}

/**
 * Proposes searches for articles that are selling well, in the shop's own words. No kind and no
 * colour appears twice, and the current search is left out.
 */
function proposalsOf(selling: ProposalsQuery['trending'], text: string): string[] {
  const [kinds, colours] = [new Set<string>(), new Set<string>()];
  return selling
    .flatMap(({ article }) => {
      const [kind, colour] = [kindOf(article), article.colour];
      if (kind === null || colour === null || kinds.has(kind) || colours.has(colour)) return [];
      // H&M's data has a kind and a colour called “Unknown”.
      if (/unknown/i.test(kind + colour)) return [];
      kinds.add(kind);
      colours.add(colour);
      return [`${colour} ${kind}`.toLowerCase()];
    })
    .filter((proposal) => proposal !== text.toLowerCase())
    .slice(0, PROPOSALS);
}
