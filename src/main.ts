#!/usr/bin/env node
// The one program: its commands, what they take, and the wiring of each by hand. What a command does stands in the stages.
import './cli/signals';
import { constants } from 'node:fs';
import { access, writeFile } from 'node:fs/promises';
import { createServer as createNetServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import {
  count,
  day,
  example,
  heldOut,
  ids,
  json,
  percent,
  port,
  PROTOCOLS,
  shares,
  size,
  upTo100,
  whole,
  type ProtocolOptions,
} from './cli/arguments';
import { PROJECT_ROOT } from './config';
import { hasCode } from './data/files/file-lock';
import { importShop } from './data/import/import';
import type { Need } from './data/postgres/database-rights';
import { openDatabase } from './data/postgres/postgres';
import { openStore, type Store } from './data/store/store';
import { drawArticle } from './demo/drawing';
import { tasteOracle } from './demo/oracle';
import { generateShop } from './demo/synthetic';
import { DEFAULT_SHOP, FULL_SHOP, type ShopOptions } from './demo/synthetic-world';
import { demo } from './cli/demo';
import { examine, formatFindings } from './cli/doctor';
import { openEngine } from './engine/engine';
import { asError, VitrineError } from './errors';
import type { Readiness } from './api/http/health';
import { createServer } from './api/http/server';
import { NO_PHOTOS, openPhotos } from './api/http/photos';
import { precompute } from './serving/precompute';
import { createHost, openCurrent, type Host } from './serving/host';
import { aborted, run, watchStreams, type Session } from './cli/session';
import {
  evaluationTable,
  importTable,
  recommendationTable,
  similarQualityTable,
  similarSheet,
  similarTable,
} from './cli/show';
import { asStorageError, storing } from './data/files/storage';
import type { Reporter } from './telemetry/progress';
import { createLog } from './telemetry/log';
import { trainingConfig, type Size } from './training/config';
import { embedRelease, openKept } from './training/stages/embed';
import { evaluationReport } from './evaluation/report/report';
import { measureSimilar } from './training/measure-similar';
import { checkpointsIn, evaluateTraining, HOLD_OUT, train, type HoldOut } from './training/train';
import { trainingThreads } from './training/optimise/trainer';

type EvaluateOptions = ProtocolOptions & {
  size: Size;
  seed: number;
  maxCustomers: number;
  report?: string;
  json?: boolean;
};

interface MeasureSimilarOptions {
  articles: number;
  days: number;
  encoder?: string;
  coPurchase?: number[];
  picture?: string;
  show?: string[];
  photos?: string;
  size: Size;
  seed: number;
  json?: boolean;
}

const program = new Command('vitrine')
  .description('A shop’s recommendations: from CSV files to a GraphQL API, trained and served by one program.')
  .version('0.1.0')
  .showHelpAfterError('(--help shows what is expected)')
  .addHelpText(
    'after',
    '\nFirst steps: npx vitrine generate shop, then import shop, then train, then serve. Or all at once: npx vitrine demo',
  );

program
  .command('doctor')
  .description('tell what works here and what does not: versions, devices, FAISS, database, release')
  .addOption(json())
  .addHelpText('after', example('vitrine doctor'))
  .action((options: { json?: boolean }) =>
    run(async ({ config }) => {
      const findings = await examine(config);
      print(options, findings, formatFindings(findings));
      if (findings.some(({ status }) => status === 'fail')) process.exitCode = 1;
    }),
  );

program
  .command('generate')
  .description('write the synthetic shop as CSV files in H&M’s layout')
  .argument('<dir>', 'folder to write into')
  .option('--customers <n>', `customers (default: ${DEFAULT_SHOP.customers})`, count)
  .option('--articles <n>', `articles (default: ${DEFAULT_SHOP.articles})`, count)
  .option('--transactions <n>', `transactions (default: ${DEFAULT_SHOP.transactions})`, count)
  .option('--days <n>', `days that the transactions span (default: ${DEFAULT_SHOP.days})`, count)
  .option('--full', `what is not said as large as H&M: ${sizesOf(FULL_SHOP)}; some minutes and 3 GB`)
  .option('--seed <n>', 'the same seed gives the same files', whole, DEFAULT_SHOP.seed)
  .addOption(json())
  .addHelpText('after', example('vitrine generate shop --customers 2000 --seed 7'))
  .action((dir: string, options: Partial<Omit<ShopOptions, 'endDate'>> & { full?: boolean; json?: boolean }) =>
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
      print(options, { dir: resolve(dir), ...made }, `The shop is in ${resolve(dir)}. Next: npx vitrine import ${dir}`);
    }),
  );

program
  .command('import')
  .description('read articles, customers and transactions from CSV files into the database')
  .argument(
    '<dir>',
    'folder with articles.csv[.gz], customers.csv[.gz] (may be missing), transactions[_train].csv[.gz]',
  )
  .option('--mapping <file>', 'what the columns mean, where they are not H&M’s (default: shop.json in the folder)')
  .option('--max-rejects <percent>', 'most bad rows of a file, in percent', percent, 1)
  .addOption(json())
  .addHelpText('after', example('vitrine import shop'))
  .action((dir: string, options: { mapping?: string; maxRejects: number; json?: boolean }) =>
    run(async (session) => {
      const url = await openUrl(session, 'write');
      // What somebody imports is no demo's to replace.
      const store = openStore(url);
      session.closing(() => store.close());
      await store.setFact('demo', undefined);
      const result = await importShop(resolve(dir), {
        databaseUrl: url,
        ...(options.mapping !== undefined && { mapping: resolve(options.mapping) }),
        maxRejects: options.maxRejects / 100,
        rejectsFile: join(session.config.home, 'rejects.csv'),
        reporter: session.reporter,
        signal: session.signal,
      });
      print(options, result, importTable(result));
    }),
  );

program
  .command('train')
  .description('learn from what is in the database, measure, and publish a release')
  .addOption(size())
  .option('--seed <n>', 'the same data and seed give the same release', whole, 1)
  .option('--days <n>', 'days held out to measure on', count, HOLD_OUT.days)
  .option(
    '--no-evaluate',
    'publish without measuring: takes half the time, but for --size full, which goes on from what it measures',
  )
  .option(
    '--warm-start',
    'go on from the current release instead of learning anew: its ranker stays, its towers catch up',
  )
  .addOption(json())
  .addHelpText('after', example('vitrine train --size small --seed 1'))
  .action(
    (options: { size: Size; seed: number; days: number; evaluate: boolean; warmStart?: boolean; json?: boolean }) =>
      run(async (session) => {
        const store = await openShop(session);
        const engine = openTraining(session);
        const { modelsDir, explore } = session.config;
        const holdOut = options.evaluate
          ? { ...HOLD_OUT, days: options.days, explore, oracle: tasteOracle }
          : undefined;
        const config = trainingConfig(options.size, options.seed);
        const { warmStart } = options;
        const trained = await train(engine, store, modelsDir, config, { holdOut, warmStart }, session.reporter);
        sayPeak(session.reporter);
        const { manifest, evaluation } = trained;
        const table = evaluation === null ? '' : `${evaluationTable(evaluation)}\n\n`;
        print(
          options,
          manifest,
          `${table}Release ${manifest.name} is in ${session.config.modelsDir}. Next: npx vitrine serve`,
        );
      }),
  );

program
  .command('embed')
  .description('make the vectors of the articles’ texts by another encoder, and publish the current release with them')
  .requiredOption('--encoder <dir>', 'folder of a CLIP or sentence encoder in Hugging Face’s layout, or built-in')
  .addOption(json())
  .addHelpText('after', example('vitrine embed --encoder fashion-clip'))
  .action((options: { encoder: string; json?: boolean }) =>
    run(async (session) => {
      const { modelsDir, device, threads } = session.config;
      const store = await openShop(session);
      const engine = openEngine({ device, threadsPerRun: threads });
      session.closing(() => engine.close());
      const embedded = await embedRelease(engine, store, modelsDir, options.encoder, session.reporter);
      const { manifest, encoder, texts, read } = embedded;
      const { name } = manifest;
      print(
        options,
        { release: name, encoder, texts, read },
        `Release ${name} has vectors of ${encoder.dim} numbers by ${encoder.name}: ${texts} texts, ${read} of them read now.`,
      );
    }),
  );

program
  .command('evaluate')
  .description(
    'train on the part of the data that a protocol allows, measure on the rest, beside baselines; publishes nothing',
  )
  .addOption(
    new Option('--protocol <protocol>', 'what is asked: the last days, a customer’s last article, week after week')
      .choices(PROTOCOLS)
      .default('temporal'),
  )
  .option('--cut <date>', 'temporal: first day that is held out, YYYY-MM-DD (default: --days before the end)', day)
  .option('--days <n>', `temporal: days to measure on (default: ${String(HOLD_OUT.days)})`, count)
  .option('--weeks <n>', 'rolling: weeks to measure on (default: 12)', count)
  .option('--end <date>', 'rolling: last day of the last week, YYYY-MM-DD', day)
  .option('--validation', 'leave-one-out: measure on the article before the last, for tuning')
  .option('--max-customers <n>', 'cases measured at most, drawn by the seed', count, 50_000)
  .addOption(size())
  .option('--seed <n>', 'the same data and seed give the same figures', whole, 1)
  .option('--report <file>', 'write the report for people there, one HTML file')
  .addOption(json())
  .addHelpText('after', example('vitrine evaluate --protocol rolling --weeks 12 --end 2020-09-15 --report report.html'))
  .action((options: EvaluateOptions) =>
    run(async (session) => {
      const { explore } = session.config;
      const holdOut: HoldOut = {
        ...heldOut(options),
        maxCustomers: options.maxCustomers,
        explore,
        oracle: tasteOracle,
      };
      const file = options.report === undefined ? undefined : resolve(options.report);
      if (file !== undefined) await checkFolder(dirname(file));
      const store = await openShop(session);
      const engine = openTraining(session);
      const config = trainingConfig(options.size, options.seed);
      const checkpoints = checkpointsIn(session.config.modelsDir, session.reporter);
      const { evaluation } = await evaluateTraining(engine, store, config, holdOut, session.reporter, { checkpoints });
      sayPeak(session.reporter);
      if (file !== undefined) {
        await storing(file, () => writeFile(file, evaluationReport(evaluation, config)));
        session.reporter.say(`The report is in ${file}`);
      }
      print(options, evaluation, evaluationTable(evaluation));
      await checkpoints.clear();
    }),
  );

program
  .command('recommend')
  .description('show recommendations for customers, without a server')
  .argument('<id...>', 'ids of customers; unknown ones get a cold start')
  .option('--first <n>', 'how many each, at most 100', upTo100, 12)
  .addOption(json())
  .addHelpText('after', example('vitrine recommend 00000dbacae5abe5 --first 5'))
  .action((ids: string[], options: { first: number; json?: boolean }) =>
    run(async (session) => {
      const store = await openShop(session);
      const opened = await openServing(session, store);
      const lists = await opened.recommender.recommend(ids.map((customerId) => ({ customerId, first: options.first })));
      const answers = await Promise.all(lists.map((list) => withArticles(store, orThrow(list))));
      const all = ids.map((customerId, i) => ({ customerId, recommendations: answers[i] }));
      print(options, all, all.map(recommendationTable).join('\n\n'));
    }),
  );

program
  .command('similar')
  .description('show the articles most alike to some, without a server')
  .argument('<id...>', 'ids of articles')
  .option('--first <n>', 'how many each, at most 100', upTo100, 12)
  .addOption(json())
  .addHelpText('after', example('vitrine similar 0108775015 --first 5'))
  .action((ids: string[], options: { first: number; json?: boolean }) =>
    run(async (session) => {
      const store = await openShop(session);
      const opened = await openServing(session, store);
      const lists = await opened.recommender.similar(ids.map((articleId) => ({ articleId, first: options.first })));
      const own = await store.articlesById(ids);
      const all = await Promise.all(
        ids.map(async (articleId, i) => {
          const list = orThrow(lists[i]);
          if (list === null) throw new VitrineError('NOT_FOUND', `There is no article "${articleId}" in the database.`);
          return { articleId, article: own[i], similar: await withArticles(store, list) };
        }),
      );
      print(options, all, all.map(similarTable).join('\n\n'));
    }),
  );

program
  .command('precompute')
  .description(
    'find recommendations for all customers and keep them in the database, for mails: a run that was ended goes on',
  )
  .option('--first <n>', 'how many each, at most 100', upTo100, 12)
  .option('--anew', 'begin anew, also where an earlier run was not finished')
  .addOption(json())
  .addHelpText('after', example('vitrine precompute --first 12'))
  .addHelpText('after', '\nThe view "recommendations" has a row an article: customer_id, rank, article_id, score.')
  .action((options: { first: number; anew?: boolean; json?: boolean }) =>
    run(async (session) => {
      const store = await openShop(session, 'write');
      const { recommender, shop, name } = await openServing(session, store);
      const { first, anew = false } = options;
      const { reporter, signal } = session;
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

program
  .command('measure-similar')
  .description('measure how alike similar articles are and what searches find, beside baselines; publishes nothing')
  .option('--articles <n>', 'articles asked about, and searches, drawn by the seed', count, 1000)
  .option('--days <n>', 'last days, whose purchases are asked about and not learnt from', count, HOLD_OUT.days)
  .option('--encoder <dir>', 'measure the text encoder in this folder too, in Hugging Face’s layout')
  .option('--co-purchase <shares>', 'measure these shares of co-purchases too, as 0.1,0.5', shares)
  .option('--picture <file>', 'draw what is most like three articles there, as SVG')
  .option(
    '--show <ids>',
    'for the picture: which (default: the most bought, no two of one type, colour or pattern)',
    ids,
  )
  .option('--photos <dir>', 'for the picture: photos in H&M’s layout, in place of drawings')
  .addOption(size())
  .option('--seed <n>', 'the same data and seed give the same figures', whole, 1)
  .addOption(json())
  .addHelpText('after', example('vitrine measure-similar --size small --picture similar.svg'))
  .action((options: MeasureSimilarOptions) =>
    run(async (session) => {
      const { articles, days, coPurchase, picture } = options;
      const { home, modelsDir } = session.config;
      const file = picture === undefined ? undefined : resolve(picture);
      if (file !== undefined) await checkFolder(dirname(file));
      const store = await openShop(session);
      const engine = openTraining(session);
      const other =
        options.encoder === undefined
          ? undefined
          : await openKept(engine, options.encoder, modelsDir, session.reporter);
      const show = options.show ?? (file === undefined ? 0 : 3);
      const questions = { articles, days, coPurchase, show, other };
      const config = trainingConfig(options.size, options.seed);
      const quality = await measureSimilar(engine, store, config, questions, session.reporter);
      if (file !== undefined) {
        const tell = ({ message }: Error): void => session.reporter.say(message);
        const photos =
          options.photos === undefined ? NO_PHOTOS : openPhotos(resolve(options.photos), join(home, 'images'), tell);
        const sheet = await similarSheet(store, quality.shown, photos);
        await storing(file, () => writeFile(file, sheet));
        session.reporter.say(`The picture is in ${file}`);
      }
      print(options, quality, similarQualityTable(quality));
    }),
  );

program
  .command('serve')
  .description('serve the current release as a GraphQL API')
  .option('--port <n>', 'port (default: PORT, else 4000)', port)
  .addHelpText('after', example('vitrine serve --port 4000'))
  .action((options: { port?: number }) =>
    run(async (session) => {
      session.serving();
      const store = await openShop(session);
      const { address, serve } = await listen(session, store, { ...options, preparing: 'it is starting' });
      await serve();
      session.reporter.say(`Serving ${address} (the API: ${address}/graphql); Ctrl-C stops.`);
      await aborted(session.signal);
    }),
  );

program
  .command('demo')
  .description('everything at once: make or take a shop, import, train, evaluate, publish, serve')
  .option('--data <dir>', 'a folder of real files in place of the synthetic shop')
  .option('--mapping <file>', 'as for import')
  .addOption(size())
  .option('--seed <n>', 'as for train', whole, 1)
  .option('--port <n>', 'port (default: PORT, else 4000)', port)
  .option('--check', 'ask the server one query over HTTP, print the answer and end')
  .addHelpText('after', example('vitrine demo --data ../hm --check'))
  .action((options: { data?: string; mapping?: string; size: Size; seed: number; port?: number; check?: boolean }) =>
    run(async (session) => {
      await checkPort(session, options.port);
      const url = await openUrl(session, 'write');
      const store = openStore(url);
      session.closing(() => store.close());
      await demo(session, options, {
        store,
        databaseUrl: url,
        engine: () => openTraining(session),
        listen: (photos) =>
          listen(session, store, { port: options.port, photos, preparing: 'the demo is still preparing its shop' }),
      });
      if (options.check) return;
      session.serving();
      await aborted(session.signal);
    }),
  );

watchStreams();
void program.parseAsync();

// ── Wiring ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** `need`: see `DatabaseOptions`. */
async function openUrl(session: Session, need: Need = 'read'): Promise<string> {
  const database = await openDatabase(session.config, { need, say: (line) => session.reporter.say(line) });
  session.closing(() => database.close());
  return database.url;
}

async function openShop(session: Session, need?: Need): Promise<Store> {
  const store = openStore(await openUrl(session, need));
  session.closing(() => store.close());
  return store;
}

function openTraining(session: Session) {
  const engine = openEngine(trainingThreads(session.config.threads));
  session.closing(() => engine.close());
  return engine;
}

async function openServing(session: Session, store: Store) {
  const opened = await openCurrent(session.config, store, session.reporter);
  session.closing(() => opened.close());
  return opened;
}

/** A server that listens already, and what makes it serve. */
interface Listening {
  readonly address: string;
  readonly serve: () => Promise<void>;
}

interface ListenOptions {
  /** Default: the setting's. */
  readonly port?: number | undefined;
  /** The folder of photos where no setting names one; undefined: there is none. */
  readonly photos?: string | undefined;
  /** What is done before `serve` is called, for those who ask whether the server is ready. */
  readonly preparing: string;
}

/** Listens before there is anything to serve, so that nobody takes the port meanwhile; until then it is live and not ready. */
async function listen(
  session: Session,
  store: Store,
  { port = session.config.port, photos, preparing }: ListenOptions,
): Promise<Listening> {
  const { config } = session;
  const log = createLog(config);
  const host = createHost(config, store, log, undefined, session.reporter);
  session.closing(() => host.close());
  const images = config.imagesDir ?? photos;
  let begun = false;
  const server = await createServer({
    store,
    recommender: host.recommender,
    config: { ...config, port },
    log,
    report: () => host.report(),
    photos:
      images === undefined
        ? NO_PHOTOS
        : openPhotos(images, join(config.home, 'images'), (err) => log.error({ err }, 'photos cannot be kept')),
    draw: drawArticle,
    shopWindow: join(PROJECT_ROOT, 'dist', 'web'),
    counters: host,
    ready: () => (begun ? readinessOf(host) : { ready: false, reason: preparing }),
  });
  session.closing(() => server.close());
  const address = await server.listen().catch((thrown: unknown) => {
    throw cannotListen(port, thrown);
  });
  return {
    address,
    serve() {
      begun = true;
      return host.start();
    },
  };
}

/** Anybody may ask for it: the details, with the server's paths, are in the log. */
function readinessOf(host: Host): Readiness {
  const unserved = host.unserved();
  if (host.problem() !== undefined) {
    const reason = unserved && `release ${unserved.release}: ${unserved.reason}`;
    return { ready: false, reason: reason ?? 'recommendations are not available; see the log' };
  }
  if (!unserved) return { ready: true };
  return { ready: true, release: host.release(), wanted: unserved.release, reason: unserved.reason };
}

function cannotListen(port: number, thrown: unknown): VitrineError {
  return new VitrineError(
    'CONFIG_INVALID',
    `Cannot listen on port ${port}: ${asError(thrown).message}. Choose another with --port.`,
  );
}

/** Fails before a database is opened where a server could not listen. */
async function checkPort(session: Session, port = session.config.port): Promise<void> {
  const probe = createNetServer();
  await new Promise<void>((resolve_, reject) => {
    probe.once('error', reject);
    probe.listen(port, session.config.host, resolve_);
  }).catch((thrown: unknown) => {
    throw cannotListen(port, thrown);
  });
  await new Promise((resolve_) => probe.close(resolve_));
}

/** Fails at once where a file could not be written in some minutes' time. */
async function checkFolder(folder: string): Promise<void> {
  await access(folder, constants.W_OK).catch((thrown: unknown) => {
    const missing = hasCode(thrown, 'ENOENT') || hasCode(thrown, 'ENOTDIR');
    if (!missing) throw asStorageError(thrown, folder);
    throw new VitrineError('INPUT_INVALID', `Cannot write into ${folder}: ${asError(thrown).message}.`);
  });
}

// ── Answers ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function sizesOf({ customers, articles, transactions, days }: ShopOptions): string {
  const [people, things, rows] = [customers, articles, transactions].map((size) => size.toLocaleString('en'));
  return `${people} customers, ${things} articles, ${rows} transactions, ${days} days`;
}

function print(options: { json?: boolean }, value: unknown, text: string): void {
  process.stdout.write(`${options.json ? JSON.stringify(value, null, 2) : text}\n`);
}

/** The most memory that this process has held. */
function sayPeak(reporter: Reporter): void {
  const { maxRSS } = process.resourceUsage(); // in KiB
  reporter.say(`Peak memory: ${(maxRSS / 2 ** 20).toFixed(1)} GiB`);
}

function orThrow<T>(value: T | Error): T {
  if (value instanceof Error) throw value;
  return value;
}

/** Each item with the article's row. */
async function withArticles<Item extends { articleKey: number }>(store: Store, items: readonly Item[]) {
  const rows = await store.articlesByKey(items.map(({ articleKey }) => articleKey));
  return items.flatMap((item, i) => {
    const article = rows[i];
    return article ? [{ ...item, article }] : [];
  });
}
