// Search by words: what fits best comes first, found by the embeddings of the articles' texts.

import { useLocation } from 'preact-iso';
import { useEffect } from 'preact/hooks';
import { SearchDocument } from '../../../schema/client';
import { operations, useAnswer } from '../api';
import { milliseconds } from '../format';
import { Card } from '../parts/card';
import { Fault } from '../parts/fault';
import { Shelf } from '../parts/shelf';

const PROPOSALS = ['pink sweater', 'striped cotton shirt', 'black summer dress', 'warm winter jacket', 'floral blouse'];
const FOUND = 24;

export function SearchPage() {
  const text = (useLocation().query['q'] ?? '').trim().slice(0, 200);
  const answer = useAnswer(SearchDocument, isWords(text) ? { text, first: FOUND } : null);
  const { data, error, again } = answer;
  useEffect(() => {
    document.title = text === '' ? 'Search · Vitrine' : `${text} · Vitrine`;
  }, [text]);
  const operation = operations.value.find((one) => one.data !== undefined && one.data === data);
  return (
    <div class="page" aria-busy={answer.waiting}>
      <div class="greeting">
        <h1>{text === '' ? 'Search' : <>“{text}”</>}</h1>
        <ul class="proposals" aria-label="Other searches">
          {PROPOSALS.filter((proposal) => proposal !== text).map((proposal) => (
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

/** Letters or figures, as the API wants them; nothing else means anything to a search. */
function isWords(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text);
}
