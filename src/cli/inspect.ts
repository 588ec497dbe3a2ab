// The command that describes a shop's files: inspect.
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { convertFirst, type ConvertedRows } from '../data/inspect/converted';
import type { Question } from '../data/inspect/doubts';
import { inspectShop, type Inspection } from '../data/inspect/inspect';
import { writeDescription } from '../data/inspect/write';
import { SHOP_JSON } from '../data/import/description';
import type { ShopJson } from '../data/import/shop-json';
import { formatCount as count } from '../telemetry/format';
import { isoDay } from '../time';
import { print } from './output/answers';
import { example, json } from './arguments';
import { run } from './running';
import { table } from './output/show';

export function addInspect(program: Command): void {
  program
    .command('inspect')
    .description('look at a shop’s files and write a shop.json that says what their columns mean')
    .argument('<dir>', 'folder with files of orders, articles and customers, in any layout')
    .option('--out <file>', `file to write (default: ${SHOP_JSON} in the folder)`)
    .option('--yes', 'answer questions with what is most likely')
    .addOption(json())
    .addHelpText('after', example('vitrine inspect shop'))
    .action((dir: string, options: { out?: string; yes?: boolean; json?: boolean }) =>
      run(async ({ reporter, signal }) => {
        const folder = resolve(dir);
        const inspection = await inspectShop(folder, reporter, signal);
        if (!options.json) process.stdout.write(`${inspectionText(inspection)}\n\n`);
        const description = await answered(inspection, { yes: options.yes === true, signal });
        const { converted, fault } = await convertFirst(folder, description);
        const out = options.out === undefined ? join(folder, SHOP_JSON) : resolve(options.out);
        const kept = await writeDescription(out, description);
        if (kept !== undefined) reporter.say(`The former description is kept as ${kept}.`);
        const { questions, ...rest } = inspection;
        const open = questions.map(({ text, choices }) => ({ text, choices: choices.map(({ label }) => label) }));
        const answer = {
          ...rest,
          json: description,
          questions: open,
          converted,
          fault: fault ?? null,
          out,
          kept: kept ?? null,
        };
        const next =
          fault === undefined
            ? `${out} is written. Look it over. Next: npx vitrine import ${dir}`
            : `${out} is written, and cannot be imported yet: ${fault}`;
        print(options, answer, `${convertedText(converted)}${next}`);
      }),
    );
}

interface Asking {
  readonly yes: boolean;
  readonly signal: AbortSignal;
}

/** Asks at a terminal, or takes the likely answers. Without either, nothing is assumed. */
async function answered({ json: found, questions }: Inspection, { yes, signal }: Asking): Promise<ShopJson> {
  let description = found;
  if (yes) {
    for (const { choices, likely } of questions) description = choices[likely].apply(description);
    return description;
  }
  if (questions.length === 0 || !process.stdin.isTTY || !process.stderr.isTTY) return description;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    for (const question of questions) {
      const choice = await ask(question, (text) => terminal.question(text, { signal }));
      description = question.choices[choice].apply(description);
    }
  } finally {
    terminal.close();
  }
  return description;
}

async function ask({ text, choices, likely }: Question, prompt: (text: string) => Promise<string>): Promise<number> {
  const list = choices.map(({ label }, i) => `  ${i + 1}  ${label}`).join('\n');
  for (;;) {
    const answer = (await prompt(`${text}\n${list}\nNumber [${likely + 1}]: `)).trim();
    const choice = answer === '' ? likely : Number(answer) - 1;
    if (Number.isInteger(choice) && choice >= 0 && choice < choices.length) return choice;
  }
}

function inspectionText({ tables, joins, events, span, warnings }: Inspection): string {
  const parts = tables.map(({ name, rows, form, columns }) => {
    const lines = columns.map((column) => [
      column.name,
      column.type,
      column.role,
      column.examples.map(short).join(' · '),
    ]);
    return `${name}: ${count(rows)} rows (${form})\n${table(['column', 'type', 'role', 'examples'], lines)}`;
  });
  if (events) {
    const lines = events.kinds.map(({ word, count: rows, purchase }) => [word, count(rows), purchase ? 'yes' : '']);
    parts.push(`Kinds of rows by ${events.column}\n${table(['kind', 'rows', 'purchase'], lines)}`);
  }
  const facts = [...joins, ...(span ? [`Purchases from ${isoDay(span[0])} to ${isoDay(span[1])}.`] : [])];
  if (facts.length > 0) parts.push(facts.join('\n'));
  if (warnings.length > 0) parts.push(`Not sure:\n${warnings.map((warning) => `  ${warning}`).join('\n')}`);
  return parts.join('\n\n');
}

function convertedText(converted: readonly ConvertedRows[]): string {
  return converted
    .filter(({ rows }) => rows.length > 0)
    .map(
      ({ section, columns, rows }) =>
        `First ${section}\n${table(
          columns,
          rows.map((row) => row.map(short)),
        )}\n\n`,
    )
    .join('');
}

function short(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > 40 ? `${line.slice(0, 39)}…` : line;
}
