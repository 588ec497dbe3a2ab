// Shows why each article is in a list: its rank, its score and the reasons.

import type { ExplainedList } from '../explain';
import { articlePath } from '../format';

export function Reasons({ list }: { readonly list: ExplainedList }) {
  return (
    <details class="explained" open>
      <summary>{list.title}</summary>
      <p class="quiet">{list.meaning}</p>
      <ol class="reasons" aria-label={`Why: ${list.title}`}>
        {list.articles.map((one) => (
          <li key={one.id}>
            <span class="reason-rank">{one.rank}</span>
            <span class="reason-text">
              <a href={articlePath(one.id)}>{one.name}</a>
              <span class="quiet">{one.why}</span>
              {one.tags.length > 0 && (
                <span class="sources">
                  {one.tags.map(({ text, main }) => (
                    <span key={text} class={main ? 'source main' : 'source'}>
                      {text}
                    </span>
                  ))}
                </span>
              )}
            </span>
            <span class="took">{one.score ?? ''}</span>
          </li>
        ))}
      </ol>
    </details>
  );
}
