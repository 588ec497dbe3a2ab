// The home page of one customer. A single operation fetches all of its rows.

import { useEffect } from 'preact/hooks';
import { HomePageDocument, type HomePageQuery } from '../../../schema/client';
import { operations, rankingMs, useAnswer } from '../api';
import { toBuyAgain } from '../explain';
import { articlePath, milliseconds, reasonOf } from '../format';
import { isNewVisitor, person, seenBefore, type Person } from '../state';
import { Card } from '../parts/card';
import { Fault } from '../parts/fault';
import { Shelf } from '../parts/shelf';

export function HomePage() {
  const customerId = person.value?.id;
  const answer = useAnswer(HomePageDocument, customerId === undefined ? null : { customerId, first: 12 });
  useEffect(() => {
    document.title = 'Vitrine';
  }, []);
  if (answer.error !== undefined) return <Fault message={answer.error} again={answer.again} />;
  const { data } = answer;
  // The rows of the previous customer stay on the page, pale, until the new rows come.
  const stale = answer.waiting && data !== undefined;
  const before = seenBefore.value;
  const seen = before?.customerId === customerId ? before?.ids : undefined;
  return (
    <div class="page" aria-busy={answer.waiting}>
      <Greeting data={stale ? undefined : data} />
      <ForYou data={data} stale={stale} seen={seen} />
      {data === undefined && hasHistory(person.value) && <Shelf line title="Because you bought …" places={6} />}
      {data && <FromPurchases data={data} stale={stale} />}
      <Shelf
        line
        stale={stale}
        title="Trending now"
        note="What most customers bought in the shop's last week"
        places={6}
      >
        {data?.trending.map(({ article, rank, buyersLastWeek }) => (
          <Card
            key={article.id}
            article={article}
            badge={String(rank)}
            reason={`Bought by ${String(buyersLastWeek)}`}
          />
        ))}
      </Shelf>
    </div>
  );
}

interface ForYouProps {
  readonly data: HomePageQuery | undefined;
  readonly stale: boolean;
  /** Ids of the articles that were recommended before the last purchase. */
  readonly seen: ReadonlySet<string> | undefined;
}

function ForYou({ data, stale, seen }: ForYouProps) {
  const ageKnown = typeof data?.customer?.age === 'number';
  return (
    <Shelf stale={stale} title="For you" note={data && <Account data={data} seen={seen} />} places={12}>
      {data?.recommendations.map((one, i) => (
        <Card
          key={one.article.id}
          article={one.article}
          early={i < 6}
          reason={reasonOf(one, ageKnown)}
          badge={seen && !seen.has(one.article.id) ? 'New for you' : undefined}
        />
      ))}
    </Shelf>
  );
}

/** The rows that are based on earlier purchases. */
function FromPurchases({ data, stale }: { readonly data: HomePageQuery; readonly stale: boolean }) {
  const again = toBuyAgain(data);
  return (
    <>
      {data.customer?.purchases.nodes.slice(0, 1).map(({ article }) => (
        <Shelf
          key={article.id}
          line
          stale={stale}
          places={6}
          title={
            <>
              Because you bought <a href={articlePath(article.id)}>{article.name ?? article.id}</a>
            </>
          }
          note="What is like it, and what others buy with it"
        >
          {article.similar.map((one) => (
            <Card key={one.article.id} article={one.article} />
          ))}
        </Shelf>
      ))}
      {again.length > 0 && (
        <Shelf line stale={stale} title="Buy again" note="What you bought before and may want once more" places={6}>
          {again.map(({ article }) => (
            <Card key={article.id} article={article} />
          ))}
        </Shelf>
      )}
    </>
  );
}

/**
 * Whether to expect rows based on purchases. A customer about whom nothing is known yet may have
 * purchases.
 */
function hasHistory(one: Person | undefined): boolean {
  return !isNewVisitor(one) || seenBefore.value?.customerId === one?.id;
}

function Greeting({ data }: { readonly data: HomePageQuery | undefined }) {
  const cold = data?.recommendations.some(({ coldStart }) => coldStart);
  return (
    <div class="greeting" key={data === undefined ? 'place' : 'there'}>
      <h1>{data === undefined ? 'Your shop window' : cold ? 'Welcome in' : 'Picked for you'}</h1>
      <p class="quiet">
        {data === undefined
          ? 'One moment …'
          : cold
            ? coldWords(data, person.value)
            : 'Every row is made when you look, from what you bought and what everybody buys.'}
      </p>
    </div>
  );
}

/**
 * Returns the text for a customer without purchases, for a new visitor, and for an id that no
 * longer exists in the shop.
 */
function coldWords({ customer }: HomePageQuery, one: Person | undefined): string {
  const change = 'Buy something, and see it change.';
  if (customer) return `You are known here, and have bought nothing yet: this is what others like. ${change}`;
  if (isNewVisitor(one)) return `We know nothing of you yet: this is what others like. ${change}`;
  return `The shop knows no customer “${one?.label ?? ''}”: this is what others like.`;
}

/** Says how the row was made, and how many of its articles are new. */
function Account({ data, seen }: { readonly data: HomePageQuery; readonly seen: ReadonlySet<string> | undefined }) {
  const operation = operations.value.find((one) => one.data === data);
  const list = operation?.trace?.recommendations[0];
  const fresh = seen && data.recommendations.filter(({ article }) => !seen.has(article.id)).length;
  const changed =
    fresh === undefined ? '' : `${String(fresh)} of ${String(data.recommendations.length)} are new since you bought · `;
  if (!operation?.trace || !list) return <>{changed}</>;
  return (
    <>
      {changed}
      {list.candidates} candidates ranked in {milliseconds(rankingMs(operation.trace))}
    </>
  );
}
