// The command inspect, as a person or a script runs it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MAIN, openProgram, type Program } from './program';

let program: Program;
beforeAll(async () => {
  program = await openProgram('cli_inspect');
});
afterAll(() => program?.close());

const row = (n: number): string =>
  `0${1 + (n % 9)}/0${1 + (n % 7)}/2024,c${n % 9},s${n % 20},${n % 6 === 5 ? 'cancelled' : 'paid'}\n`;
async function shop(name: string): Promise<string> {
  const dir = join(program.base, name);
  await mkdir(dir);
  const sales = `date,customer,sku,status\n${Array.from({ length: 60 }, (_, n) => row(n)).join('')}`;
  await writeFile(join(dir, 'sales.csv'), sales);
  return dir;
}
const described = async (dir: string): Promise<unknown> => JSON.parse(await readFile(join(dir, 'shop.json'), 'utf8'));

test('shows each column, the rows and what is unsure, and writes what is sure', async () => {
  const dir = await shop('open');
  const { code, stdout } = await program.vitrine(['inspect', dir]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/sales.csv: 60 rows/);
  expect(stdout).toMatch(/customer +\S+ +purchase: customer/);
  expect(stdout).toMatch(/Add "dateFormat" with one of them/);
  expect(stdout).toMatch(/cannot be imported yet/);
  expect(await described(dir)).toMatchObject({ transactions: { state: { cancelled: ['cancelled'] } } });
  expect(await described(dir)).not.toHaveProperty('transactions.dateFormat');
});

test('--yes takes the likely answer, a former description is kept, and import goes on from there', async () => {
  const dir = await shop('likely');
  await writeFile(join(dir, 'shop.json'), '{"mine": true}');
  const answer = await program.answerOf<Record<string, unknown>>('inspect', dir, '--yes');
  expect(answer).toMatchObject({ fault: null, kept: join(dir, 'shop.before.json'), tables: [{ rows: 60 }] });
  expect(await described(dir)).toHaveProperty('transactions.dateFormat');
  expect((await readdir(dir)).sort()).toEqual(['sales.csv', 'shop.before.json', 'shop.json']);
  expect(await program.answerOf('import', dir)).toMatchObject({ transactions: { rows: 60, rejected: 0 } });
});

test('--out writes elsewhere and leaves the folder as it is', async () => {
  const dir = await shop('elsewhere');
  const out = join(program.base, 'other.json');
  await program.answerOf('inspect', dir, '--out', out);
  expect(await readdir(dir)).toEqual(['sales.csv']);
  expect(JSON.parse(await readFile(out, 'utf8'))).toHaveProperty('transactions.article', 'sku');
});

// `script` of other systems takes other options.
const terminalTest = process.platform === 'linux' ? test : test.skip;
terminalTest('at a terminal it asks, and asks again until the answer is one of the choices', async () => {
  const dir = await shop('asked');
  // A terminal of its own, since pipes are not asked.
  const command = [process.execPath, MAIN, 'inspect', dir].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    env: { ...process.env, ...program.settings },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  program.endWith(child);
  let [shown, answered] = ['', 0];
  const answers = ['7', 'no', '2'];
  child.stdout.on('data', (text) => {
    shown += String(text);
    const prompts = shown.split('Number [1]: ').length - 1;
    for (; answered < prompts; answered++) child.stdin.write(`${answers[answered]}\n`);
  });
  const [code] = (await once(child, 'close')) as [number];
  expect({ code, answered }).toEqual({ code: 0, answered: 3 });
  const choices = /Which day is '[^']+' in date\?\s+1 +(\S+) \((\S+)\)\s+2 +(\S+) \((\S+)\)/.exec(shown);
  expect(choices?.[2]).toMatch(/^(DD\/MM|MM\/DD)\/YYYY$/);
  expect(await described(dir)).toMatchObject({ transactions: { dateFormat: choices?.[4] } });
});

test('a folder that is not there is refused with a remedy', async () => {
  const { code, stderr } = await program.vitrine(['inspect', join(program.base, 'nowhere')]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^INPUT_INVALID: .*nowhere/);
});
