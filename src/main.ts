#!/usr/bin/env node
// The one program. Its commands stand here in the order in which its help lists them; each group of
// commands has a file in cli/.
import './cli/signals';
import { Command } from 'commander';
import { addDemo } from './cli/demo';
import { addDoctor } from './cli/doctor';
import { addEvaluate, addMeasureSimilar } from './cli/evaluate';
import { addInspect } from './cli/inspect';
import { addPrecompute, addRecommend, addSimilar } from './cli/recommend';
import { addKeys } from './cli/keys';
import { watchStreams } from './cli/running';
import { addServe } from './cli/serve';
import { addGenerate, addImport } from './cli/shop-data';
import { addEmbed, addTrain } from './cli/train';

const program = new Command('vitrine')
  .description('Recommendations for a shop: reads its CSV files, learns from them, serves a GraphQL API.')
  .version('0.1.0')
  .showHelpAfterError('(--help shows what is expected)')
  .addHelpText(
    'after',
    '\nFirst steps: npx vitrine generate shop, then import shop, then train, then serve.\nAll of them at once: npx vitrine demo',
  );

addDoctor(program);
addGenerate(program);
addInspect(program);
addImport(program);
addTrain(program);
addEmbed(program);
addEvaluate(program);
addRecommend(program);
addSimilar(program);
addPrecompute(program);
addMeasureSimilar(program);
addServe(program);
addKeys(program);
addDemo(program);

watchStreams();
void program.parseAsync();
