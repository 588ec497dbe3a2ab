// The commands that provide a shop's data: generate and import.
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { importShop } from '../data/import/import';
import { openStore } from '../data/store/open-store';
import { generateShop } from '../demo/synthetic/generate';
import { DEFAULT_SHOP, FULL_SHOP, type SyntheticOptions } from '../demo/synthetic/options';
import { print } from './output/answers';
import { count, example, json, percent, whole } from './arguments';
import { run } from './running';
import { importTable } from './output/show';
import { openUrl } from './wiring';

export function addGenerate(program: Command): void {
  program
    .command('generate')
    .description('write a synthetic shop as CSV files in H&M’s layout')
    .argument('<dir>', 'folder to write into')
    .option('--customers <n>', `number of customers (default: ${DEFAULT_SHOP.customers})`, count)
    .option('--articles <n>', `number of articles (default: ${DEFAULT_SHOP.articles})`, count)
    .option('--transactions <n>', `number of transactions (default: ${DEFAULT_SHOP.transactions})`, count)
    .option('--days <n>', `number of days that the transactions span (default: ${DEFAULT_SHOP.days})`, count)
    .option(
      '--full',
      `as large as H&M’s data where no other option says less: ${sizesOf(FULL_SHOP)}; takes minutes and 3 GB`,
    )
    .option('--seed <n>', 'the same seed gives the same files', whole, DEFAULT_SHOP.seed)
    .addOption(json())
    .addHelpText('after', example('vitrine generate shop --customers 2000 --seed 7'))
    .action((dir: string, options: Partial<Omit<SyntheticOptions, 'endDate'>> & { full?: boolean; json?: boolean }) =>
      run(async ({ reporter, signal }) => {
        const { customers, articles, transactions, days, seed } = {
          ...(options.full ? FULL_SHOP : DEFAULT_SHOP),
          ...options,
        };
        const made = await generateShop(
          resolve(dir),
          { customers, articles, transactions, days, seed },
          reporter,
          signal,
        );
        print(
          options,
          { dir: resolve(dir), ...made },
          `The shop is in ${resolve(dir)}. Next: npx vitrine import ${dir}`,
        );
      }),
    );
}

function sizesOf({ customers, articles, transactions, days }: SyntheticOptions): string {
  const [people, things, rows] = [customers, articles, transactions].map((size) => size.toLocaleString('en'));
  return `${people} customers, ${things} articles, ${rows} transactions, ${days} days`;
}

export function addImport(program: Command): void {
  program
    .command('import')
    .description('read articles, customers and transactions from files into the database')
    .argument(
      '<dir>',
      'folder with files of articles, customers and transactions, or some of them, as shop.json describes them',
    )
    .option(
      '--mapping <file>',
      'file that says what the columns mean (default: shop.json in the folder, else H&M’s layout)',
    )
    .option('--max-rejects <percent>', 'share of a file’s rows that may be rejected; ten rows always may', percent, 1)
    .option('--replace', 'take articles that the files lack out of the catalogue')
    .addOption(json())
    .addHelpText('after', example('vitrine import shop'))
    .action((dir: string, options: { mapping?: string; maxRejects: number; replace?: boolean; json?: boolean }) =>
      run(async (command) => {
        const url = await openUrl(command, 'write');
        // From now on `demo` must not replace this shop, because a user imported it.
        const store = openStore(url);
        command.closing(() => store.close());
        await store.setFact('demo', undefined);
        const result = await importShop(resolve(dir), {
          databaseUrl: url,
          ...(options.mapping !== undefined && { mapping: resolve(options.mapping) }),
          maxRejects: options.maxRejects / 100,
          replace: options.replace === true,
          rejectsFile: join(command.config.home, 'rejects.csv'),
          reporter: command.reporter,
          signal: command.signal,
        });
        print(options, result, importTable(result));
      }),
    );
}
