// `npm run bench`: runs the benchmarks of this folder one after the other, or those that are named
// (`npm run bench -- vector-index`); flags go on to them (`-- train --quick`). Each is a script of
// its own. Knows nothing of what they measure.

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, parse } from 'node:path';
import { prepareNativeLibraries } from '../src/config';

const all = readdirSync(__dirname)
  .filter((file) => file.endsWith('.js') && file !== 'run.js')
  .map((file) => parse(file).name);
const given = process.argv.slice(2);
// What follows the first flag is the benchmarks' own.
const flagged = given.findIndex((argument) => argument.startsWith('--'));
const [wanted, flags] = flagged < 0 ? [given, []] : [given.slice(0, flagged), given.slice(flagged)];
const unknown = wanted.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  console.error(`no such benchmark: ${unknown.join(', ')}; there are ${all.join(', ')}`);
  process.exit(1);
}
// Some of them open ONNX Runtime themselves.
prepareNativeLibraries();
for (const name of wanted.length > 0 ? wanted : all) {
  console.log(`\n${name}`);
  const { status } = spawnSync(process.execPath, [join(__dirname, `${name}.js`), ...flags], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
