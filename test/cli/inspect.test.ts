// The command inspect, as a person or a script runs it.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openProgram, type Program } from './program';

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

test('a folder that is not there is refused with a remedy', async () => {
  const { code, stderr } = await program.vitrine(['inspect', join(program.base, 'nowhere')]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^INPUT_INVALID: .*nowhere/);
});
