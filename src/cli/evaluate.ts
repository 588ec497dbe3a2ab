// The commands that measure quality without publishing a release: evaluate and measure-similar.
import { writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { NO_PHOTOS, openPhotos } from '../api/http/photos';
import { storing } from '../data/files/storage';
import { tasteOracle } from '../demo/synthetic/oracle';
import { evaluationReport } from '../evaluation/report/report';
import { trainingConfig, type Size } from '../training/config';
import { measureSimilar } from '../training/measure-similar';
import { openKept } from '../training/stages/embed';
import { checkpointsIn, evaluateTraining, HOLD_OUT, type HoldOut } from '../training/train';
import { checkFolder, print, sayPeak } from './output/answers';
import {
  count,
  day,
  example,
  heldOut,
  ids,
  json,
  PROTOCOLS,
  shares,
  size,
  whole,
  type ProtocolOptions,
} from './arguments';
import { run } from './running';
import { evaluationTable, similarQualityTable, similarSheet } from './output/show';
import { openShop, openTraining } from './wiring';

type EvaluateOptions = ProtocolOptions & {
  size: Size;
  seed: number;
  maxCustomers: number;
  report?: string;
  json?: boolean;
};

export function addEvaluate(program: Command): void {
  program
    .command('evaluate')
    .description('train on one part of the data, measure on the rest and compare with baselines; publishes nothing')
    .addOption(
      new Option(
        '--protocol <protocol>',
        'what to predict: the last days, each customer’s last article, or each of several weeks',
      )
        .choices(PROTOCOLS)
        .default('temporal'),
    )
    .option('--cut <date>', 'temporal: first day to measure on, YYYY-MM-DD (default: --days before the end)', day)
    .option('--days <n>', `temporal: number of days to measure on (default: ${String(HOLD_OUT.days)})`, count)
    .option('--weeks <n>', 'rolling: number of weeks to measure on (default: 12)', count)
    .option('--end <date>', 'rolling: last day of the last week, YYYY-MM-DD', day)
    .option('--validation', 'leave-one-out: measure on the last article but one, for tuning')
    .option('--max-customers <n>', 'number of cases at most, drawn by the seed', count, 50_000)
    .addOption(size())
    .option('--seed <n>', 'the same data and seed give the same figures', whole, 1)
    .option('--report <file>', 'write a report for people to this HTML file')
    .addOption(json())
    .addHelpText(
      'after',
      example('vitrine evaluate --protocol rolling --weeks 12 --end 2020-09-15 --report report.html'),
    )
    .action((options: EvaluateOptions) =>
      run(async (command) => {
        const { explore } = command.config;
        const holdOut: HoldOut = {
          ...heldOut(options),
          maxCustomers: options.maxCustomers,
          explore,
          oracle: tasteOracle,
        };
        const file = options.report === undefined ? undefined : resolve(options.report);
        if (file !== undefined) await checkFolder(dirname(file));
        const store = await openShop(command);
        const engine = openTraining(command);
        const config = trainingConfig(options.size, options.seed);
        const checkpoints = checkpointsIn(command.config.modelsDir, command.reporter);
        const asked = { ...holdOut, checkpoints };
        const { evaluation } = await evaluateTraining(engine, store, config, asked, command.reporter);
        sayPeak(command.reporter);
        if (file !== undefined) {
          await storing(file, () => writeFile(file, evaluationReport(evaluation, config)));
          command.reporter.say(`The report is in ${file}`);
        }
        print(options, evaluation, evaluationTable(evaluation));
        await checkpoints.clear();
      }),
    );
}

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

export function addMeasureSimilar(program: Command): void {
  program
    .command('measure-similar')
    .description('measure similar articles and searches and compare with baselines; publishes nothing')
    .option('--articles <n>', 'number of articles to ask about, and of searches, drawn by the seed', count, 1000)
    .option('--days <n>', 'number of last days to measure on', count, HOLD_OUT.days)
    .option('--encoder <dir>', 'also measure the text encoder in this folder (Hugging Face’s layout)')
    .option('--co-purchase <shares>', 'also measure these shares of co-purchases, such as 0.1,0.5', shares)
    .option('--picture <file>', 'draw three articles and what is most like them to this SVG file')
    .option(
      '--show <ids>',
      'for the picture: ids of articles (default: the most bought, no two of one type, colour or pattern)',
      ids,
    )
    .option('--photos <dir>', 'for the picture: folder of photos in H&M’s layout, instead of drawings')
    .addOption(size())
    .option('--seed <n>', 'the same data and seed give the same figures', whole, 1)
    .addOption(json())
    .addHelpText('after', example('vitrine measure-similar --size small --picture similar.svg'))
    .action((options: MeasureSimilarOptions) =>
      run(async (command) => {
        const { articles, days, coPurchase, picture } = options;
        const { home, modelsDir } = command.config;
        const file = picture === undefined ? undefined : resolve(picture);
        if (file !== undefined) await checkFolder(dirname(file));
        const store = await openShop(command);
        const engine = openTraining(command);
        const other =
          options.encoder === undefined
            ? undefined
            : await openKept(engine, options.encoder, modelsDir, command.reporter);
        const show = options.show ?? (file === undefined ? 0 : 3);
        const questions = { articles, days, coPurchase, show, other };
        const config = trainingConfig(options.size, options.seed);
        const quality = await measureSimilar(engine, store, config, questions, command.reporter);
        if (file !== undefined) {
          const tell = ({ message }: Error): void => command.reporter.say(message);
          const photos =
            options.photos === undefined ? NO_PHOTOS : openPhotos(resolve(options.photos), join(home, 'images'), tell);
          const sheet = await similarSheet(store, quality.shown, photos);
          await storing(file, () => writeFile(file, sheet));
          command.reporter.say(`The picture is in ${file}`);
        }
        print(options, quality, similarQualityTable(quality));
      }),
    );
}
