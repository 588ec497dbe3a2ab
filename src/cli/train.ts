// The commands that make releases: train and embed.
import type { Command } from 'commander';
import { tasteOracle } from '../demo/synthetic/oracle';
import { openModelRunner } from '../engine/model-runner';
import { trainingConfig, type Size } from '../training/config';
import { embedRelease } from '../training/stages/embed';
import { HOLD_OUT, train } from '../training/train';
import { print, sayPeak } from './output/answers';
import { count, example, json, size, whole } from './arguments';
import { run } from './running';
import { evaluationTable } from './output/show';
import { openShop, openTraining } from './wiring';

export function addTrain(program: Command): void {
  program
    .command('train')
    .description('learn from the shop in the database, measure the result and publish it as a release')
    .addOption(size())
    .option('--seed <n>', 'the same data and seed give the same release', whole, 1)
    .option('--days <n>', 'number of last days to measure on', count, HOLD_OUT.days)
    .option('--no-evaluate', 'publish without measuring; takes half the time, except with --size full')
    .option('--warm-start', 'start from the current release: keep its ranker and train its towers further')
    .addOption(json())
    .addHelpText('after', example('vitrine train --size small --seed 1'))
    .action(
      (options: { size: Size; seed: number; days: number; evaluate: boolean; warmStart?: boolean; json?: boolean }) =>
        run(async (command) => {
          const store = await openShop(command);
          const engine = openTraining(command);
          const { modelsDir, explore } = command.config;
          const holdOut = options.evaluate
            ? { ...HOLD_OUT, days: options.days, explore, oracle: tasteOracle }
            : undefined;
          const config = trainingConfig(options.size, options.seed);
          const { warmStart } = options;
          const trained = await train(engine, store, config, { modelsDir, holdOut, warmStart }, command.reporter);
          sayPeak(command.reporter);
          const { manifest, evaluation } = trained;
          const table = evaluation === null ? '' : `${evaluationTable(evaluation)}\n\n`;
          print(
            options,
            manifest,
            `${table}Release ${manifest.name} is in ${command.config.modelsDir}. Next: npx vitrine serve`,
          );
        }),
    );
}

export function addEmbed(program: Command): void {
  program
    .command('embed')
    .description('encode the articles’ texts with another encoder and publish the current release with these vectors')
    .requiredOption(
      '--encoder <dir>',
      'folder of a CLIP or sentence encoder in Hugging Face’s layout, or the word built-in',
    )
    .addOption(json())
    .addHelpText('after', example('vitrine embed --encoder fashion-clip'))
    .action((options: { encoder: string; json?: boolean }) =>
      run(async (command) => {
        const { modelsDir, device, threads } = command.config;
        const store = await openShop(command);
        const engine = openModelRunner({ device, threadsPerRun: threads });
        command.closing(() => engine.close());
        const embedded = await embedRelease(engine, store, modelsDir, options.encoder, command.reporter);
        const { manifest, encoder, texts, read } = embedded;
        const { name } = manifest;
        print(
          options,
          { release: name, encoder, texts, read },
          `Release ${name} has vectors of ${encoder.dim} numbers by ${encoder.name}: ${texts} texts, ${read} of them encoded now.`,
        );
      }),
    );
}
