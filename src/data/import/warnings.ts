// Looks at the staged rows for what is probably wrong in the files, before anything is merged.

import type { Client } from 'pg';
import { VitrineError } from '../../errors';
import { askedTable, ID_COLUMNS, type Referred } from './merge/asked-ids';
import { stagingTable } from './merge/merge';
import type { Section } from './shop-json';
import type { Staged } from './stage';

type StagedSections = Readonly<Partial<Record<Section, Staged>>>;

/**
 * Sentences on what looks wrong.
 * @throws VitrineError INPUT_INVALID if all purchases are dated in the future
 */
export async function warningsOf(client: Client, staged: StagedSections): Promise<string[]> {
  const warnings = Object.values(staged).flatMap((section) => [...section.notes, ...unreadOf(section)]);
  if (staged.transactions) {
    warnings.push(...kindsOf(staged.transactions), ...guestsOf(staged.transactions));
    warnings.push(...futureOf(staged.transactions), ...(await heaviestOf(client, staged.transactions)));
  }
  return warnings;
}

function unreadOf({ name, tallies }: Staged): string[] {
  return [...tallies.unread].map(([reason, count]) => `${name}: ${count} values are unknown, since ${reason}.`);
}

function guestsOf({ name, tallies, rows }: Staged): string[] {
  if (tallies.guests === 0) return [];
  return [`${name}: ${tallies.guests} of ${rows} rows have no customer and are left out as purchases of guests.`];
}

/** Columns that tell kinds of events, which nothing reads. */
function kindsOf({ name, kinds }: Staged): string[] {
  return [...kinds].flatMap(([column, counts]) => {
    if (counts.size < 2 || counts.size >= MOST_KINDS) return [];
    const list = [...counts].map(([value, count]) => `'${value}' ${count}`).join(', ');
    return [
      `${name}: the column '${column}' may tell purchases from other rows (${list}); now all of them are purchases. ` +
        `Name it under "where" or "state" in shop.json.`,
    ];
  });
}

const MOST_KINDS = 20;

/** @throws VitrineError INPUT_INVALID if all purchases are dated in the future */
function futureOf({ tallies }: Staged): string[] {
  const { count, future, firstFuture, last } = tallies.times;
  if (future === 0) return [];
  const [from, to] = [firstFuture, last].map((time) => time.slice(0, 10));
  if (future === count) {
    throw new VitrineError(
      'INPUT_INVALID',
      `all ${count} purchases are dated in the future (first ${from}, last ${to}); nothing was imported. Look at the column of dates.`,
    );
  }
  return [`${future} of ${count} purchases are dated in the future (first ${from}); models leave them out.`];
}

/** A customer with more than this share of all purchases is a till or a word for "unknown". */
const HEAVY_SHARE = 0.2;
const FEWEST = 50;

async function heaviestOf(client: Client, { tallies }: Staged): Promise<string[]> {
  const all = tallies.times.count;
  const { rows } = await client.query<{ id: string; purchases: string }>(
    `SELECT id, purchases FROM ${askedTable('customers')} ORDER BY purchases DESC LIMIT 1`,
  );
  if (rows.length === 0) return [];
  const count = Number(rows[0].purchases);
  if (all < FEWEST || count <= HEAVY_SHARE * all) return [];
  const share = Math.round((100 * count) / all);
  return [
    `The customer '${rows[0].id}' has ${share} % of all purchases. If this stands for unknown customers, add it to "nulls" of the transactions in shop.json.`,
  ];
}

/** Ways to write an id that make different files join: the form's name and its SQL. */
const FORMS: readonly (readonly [string, (id: string) => string])[] = [
  ['without leading zeros ("ids": { COLUMN: { "pad": WIDTH } } writes them)', (id) => `ltrim(${id}, '0')`],
  [
    'without ".0" at the end ("ids": { COLUMN: { "whole": true } } cuts it)',
    (id) => `regexp_replace(${id}, '\\.0+$', '')`,
  ],
  ['in lower case ("ids": { COLUMN: { "case": "lower" } } writes it so)', (id) => `lower(${id})`],
];
/** A form is named if it joins this share of ids more. */
const GAIN = 0.2;
const LOW_SHARE = 0.9;

/**
 * Checks that the ids of purchases are those of articles and customers.
 * @throws VitrineError INPUT_INVALID if they would be in another form
 */
export async function checkJoins(client: Client, staged: StagedSections): Promise<string[]> {
  if (!staged.transactions) return [];
  const warnings: string[] = [];
  for (const section of ['articles', 'customers'] as const) {
    if (!staged[section]) continue;
    warnings.push(...(await checkJoin(client, section, staged)));
  }
  return warnings;
}

async function checkJoin(client: Client, section: Referred, staged: StagedSections): Promise<string[]> {
  const id = ID_COLUMNS[section];
  const asked = askedTable(section);
  // Articles that came from purchases alone do not count: they have the form of the purchases.
  const listed = section === 'articles' ? ' AND kept.listed' : '';
  const { rows } = await client.query<{ joined: string; all: string }>(
    `SELECT count(coalesce(staged.${id}, kept.${id})) AS joined, count(*) AS all
     FROM ${asked} AS asked LEFT JOIN ${stagingTable(section)} AS staged ON staged.${id} = asked.id
     LEFT JOIN ${section} AS kept ON kept.${id} = asked.id${listed}`,
  );
  const [joined, all] = [Number(rows[0].joined), Number(rows[0].all)];
  if (all === 0 || joined >= LOW_SHARE * all) return [];
  const [own, other] = [staged.transactions?.name ?? '', staged[section]?.name ?? ''];
  const share = `${joined} of ${all} ${section} in ${own} are in ${other}`;
  const known = `(SELECT ${id} AS id FROM ${stagingTable(section)} UNION SELECT ${id} FROM ${section} AS kept WHERE true${listed})`;
  for (const [form, sql] of FORMS) {
    const { rows: formed } = await client.query<{ joined: string; example: string; fit: string }>(
      `SELECT count(*) AS joined, min(asked.id) AS example, min(known.id) AS fit
       FROM ${asked} AS asked JOIN ${known} AS known ON ${sql('asked.id')} = ${sql('known.id')}`,
    );
    if (Number(formed[0].joined) < joined + GAIN * all) continue;
    const { example, fit } = formed[0];
    throw new VitrineError(
      'INPUT_INVALID',
      `Only ${share}. ${formed[0].joined} would be if both were written ${form}: '${example}' and '${fit}' are one. Nothing was imported.`,
    );
  }
  if (section === 'customers') return [];
  return [`Only ${share}; the others are learnt from and not recommended.`];
}
