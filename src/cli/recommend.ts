// The commands that use the current release without a server: recommend, similar and precompute.
import type { Command } from 'commander';
import type { Store } from '../data/store/store';
import { VitrineError } from '../errors';
import { precompute } from '../serving/precompute';
import { print, sayPeak } from './output/answers';
import { example, json, upTo100 } from './arguments';
import { run } from './running';
import { recommendationTable, similarTable } from './output/show';
import { openServing, openShop } from './wiring';

export function addRecommend(program: Command): void {
  program
    .command('recommend')
    .description('print recommendations for customers, without a server')
    .argument('<id...>', 'ids of customers; an unknown one gets what a new customer would')
    .option('--first <n>', 'how many for each, at most 100', upTo100, 12)
    .addOption(json())
    .addHelpText('after', example('vitrine recommend 00000dbacae5abe5 --first 5'))
    .action((ids: string[], options: { first: number; json?: boolean }) =>
      run(async (command) => {
        const store = await openShop(command);
        const opened = await openServing(command, store);
        const lists = await opened.recommender.recommend(
          ids.map((customerId) => ({ customerId, first: options.first })),
        );
        const answers = await Promise.all(lists.map((list) => withArticles(store, orThrow(list))));
        const all = ids.map((customerId, i) => ({ customerId, recommendations: answers[i] }));
        print(options, all, all.map(recommendationTable).join('\n\n'));
      }),
    );
}

export function addSimilar(program: Command): void {
  program
    .command('similar')
    .description('print the articles most like the given ones, without a server')
    .argument('<id...>', 'ids of articles')
    .option('--first <n>', 'how many for each, at most 100', upTo100, 12)
    .addOption(json())
    .addHelpText('after', example('vitrine similar 0108775015 --first 5'))
    .action((ids: string[], options: { first: number; json?: boolean }) =>
      run(async (command) => {
        const store = await openShop(command);
        const opened = await openServing(command, store);
        const lists = await opened.recommender.similar(ids.map((articleId) => ({ articleId, first: options.first })));
        const own = await store.articlesById(ids);
        const all = await Promise.all(
          ids.map(async (articleId, i) => {
            const list = orThrow(lists[i]);
            if (list === null)
              throw new VitrineError('NOT_FOUND', `There is no article "${articleId}" in the database.`);
            return { articleId, article: own[i], similar: await withArticles(store, list) };
          }),
        );
        print(options, all, all.map(similarTable).join('\n\n'));
      }),
    );
}

export function addPrecompute(program: Command): void {
  program
    .command('precompute')
    .description(
      'write recommendations for all customers into the database, for example for mails; goes on where an earlier run stopped',
    )
    .option('--first <n>', 'how many for each, at most 100', upTo100, 12)
    .option('--anew', 'start from the beginning, even if an earlier run was not finished')
    .addOption(json())
    .addHelpText('after', example('vitrine precompute --first 12'))
    .addHelpText('after', '\nEach row of the view "recommendations" has customer_id, rank, article_id and score.')
    .action((options: { first: number; anew?: boolean; json?: boolean }) =>
      run(async (command) => {
        const store = await openShop(command, 'write');
        const { recommender, shop, name } = await openServing(command, store);
        const { first, anew = false } = options;
        const { reporter, signal } = command;
        const refresh = () => shop.refresh();
        const done = await precompute({ store, recommender, refresh, release: name, first, anew, reporter, signal });
        sayPeak(reporter);
        print(
          options,
          done,
          `Lists of ${done.customers} customers are in the view "recommendations": ${Math.round(done.perSecond)} a second.`,
        );
      }),
    );
}

function orThrow<T>(value: T | Error): T {
  if (value instanceof Error) throw value;
  return value;
}

/** Adds the article's row to each item. Items whose article has been deleted are left out. */
async function withArticles<Item extends { articleKey: number }>(store: Store, items: readonly Item[]) {
  const rows = await store.articlesByKey(items.map(({ articleKey }) => articleKey));
  return items.flatMap((item, i) => {
    const article = rows[i];
    return article ? [{ ...item, article }] : [];
  });
}
