// `npm run bench` runs all benchmarks of this folder, or only the named ones (`npm run bench --
// vector-index`). Flags are passed on to each benchmark (`-- train --quick`). Each benchmark is a
// separate script.

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, parse } from 'node:path';
import { prepareNativeLibraries } from '../src/config';

const all = readdirSync(__dirname)
  .filter((file) => file.endsWith('.js') && file !== 'run.js')
  .map((file) => parse(file).name);
/** This benchmark compares with another build, so it runs only if it is named. */
const ONLY_NAMED = 'compare';
const given = process.argv.slice(2);
// The first flag and all arguments after it belong to the benchmarks.
const flagged = given.findIndex((argument) => argument.startsWith('--'));
const [wanted, flags] = flagged < 0 ? [given, []] : [given.slice(0, flagged), given.slice(flagged)];
const unknown = wanted.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  console.error(`expected names of benchmarks, got ${unknown.join(', ')}; there are ${all.join(', ')}`);
  process.exit(1);
}
// Some benchmarks open ONNX Runtime themselves.
prepareNativeLibraries();
for (const name of wanted.length > 0 ? wanted : all.filter((one) => one !== ONLY_NAMED)) {
  console.log(`\n${name}`);
  const { status } = spawnSync(process.execPath, [join(__dirname, `${name}.js`), ...flags], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
