// The commands about keys: making, listing, revoking, letting expire, and the audit of changes.

import type { Command } from 'commander';
import { holds, openKeys, type Keys } from '../access/keys';
import { PUBLISHABLE_SCOPES, SCOPE_MEANINGS, SCOPES } from '../access/scopes';
import type { AuditRow, KeyRow } from '../data/store/access/access-store';
import { VitrineError } from '../errors';
import { print } from './output/answers';
import { count, example, ids, json, span } from './arguments';
import { run, type RunningCommand } from './running';
import { table } from './output/show';
import { openShop } from './wiring';

/** The actor of changes that are made here, in the audit. */
export const COMMAND_LINE = 'command line';

export function addKeys(program: Command): void {
  const keys = program
    .command('keys')
    .description('the keys of programs: make, list, revoke; who changed what')
    .addHelpText('after', `\nScopes:\n${scopesHelp()}${example('vitrine keys make "web shop" --publishable')}`);
  addMake(keys);
  addList(keys);
  addEnding(keys);
  addAudit(keys);
}

interface MakeOptions {
  readonly scopes?: string[];
  readonly publishable?: boolean;
  readonly expires?: number;
  readonly json?: boolean;
}

function addMake(keys: Command): void {
  keys
    .command('make')
    .argument('<name>', 'which program has it, for people')
    .description('make a key and print it; it is shown only now')
    .option('--scopes <list>', 'what it allows, separated by commas; `vitrine keys --help` explains each', ids)
    .option('--publishable', `for pages in browsers; holds ${PUBLISHABLE_SCOPES.join(', ')} unless --scopes says less`)
    .option('--expires <span>', 'until when it holds: 90d, 12h, 30m (default: until it is revoked)', span)
    .addOption(json())
    .addHelpText('after', example('vitrine keys make "order system" --scopes events:write'))
    .action((name: string, options: MakeOptions) =>
      withKeys('write', async (made) => {
        const { publishable = false, expires, scopes = publishable ? PUBLISHABLE_SCOPES : undefined } = options;
        if (!scopes) {
          throw new VitrineError(
            'INPUT_INVALID',
            `Say what the key allows: --scopes with some of ${SCOPES.join(', ')}.`,
          );
        }
        const kind = publishable ? 'publishable' : 'secret';
        const expiresAt = expires === undefined ? null : new Date(Date.now() + expires);
        const { key, text } = await made.make({ name, kind, scopes, expiresAt }, COMMAND_LINE);
        const advice = publishable
          ? 'Pages in browsers may hold it: it reads no customer without that customer’s token.'
          : 'Keep it where only the program reads it. It is not shown again.';
        print(options, { ...key, text }, `${text}\n${advice}`);
      }),
    );
}

function addList(keys: Command): void {
  keys
    .command('list')
    .description('all keys with their scopes, their expiry and their last use')
    .addOption(json())
    .action((options: { json?: boolean }) =>
      withKeys('read', async (made) => {
        const all = await made.list();
        const none = 'There is no key yet. `npx vitrine keys make NAME --scopes admin` makes the first one.';
        print(options, all, all.length === 0 ? none : keysTable(all));
      }),
    );
}

function addEnding(keys: Command): void {
  keys
    .command('revoke')
    .argument('<id...>', 'ids of keys, as `vitrine keys list` shows them')
    .description('revoke keys: no server takes them a second from now')
    .addOption(json())
    .addHelpText('after', example('vitrine keys revoke 3f9a0c51d2e4'))
    .action((given: string[], options: { json?: boolean }) =>
      withKeys('write', async (made) => printEnded(options, await made.revoke(given, COMMAND_LINE))),
    );
  keys
    .command('expire')
    .argument('<id...>', 'ids of keys')
    .requiredOption('--in <span>', 'when they expire: 1d, 12h, 30m', span)
    .description('let keys expire later, which gives programs time to move to new ones')
    .addOption(json())
    .addHelpText('after', example('vitrine keys expire 3f9a0c51d2e4 --in 1d'))
    .action((given: string[], options: { in: number; json?: boolean }) =>
      withKeys('write', async (made) => {
        printEnded(options, await made.expire(given, new Date(Date.now() + options.in), COMMAND_LINE));
      }),
    );
}

function addAudit(keys: Command): void {
  keys
    .command('audit')
    .description('who changed what and when, the newest first')
    .option('--last <n>', 'how many changes', count, 20)
    .addOption(json())
    .action((options: { last: number; json?: boolean }) =>
      run(async (command) => {
        const store = await openShop(command, 'read');
        const entries = await store.access.auditEntries(options.last);
        print(options, entries, entries.length === 0 ? 'Nothing was changed yet.' : auditTable(entries));
      }),
    );
}

function withKeys(need: 'read' | 'write', work: (keys: Keys) => Promise<void>): Promise<void> {
  return run(async (command: RunningCommand) => work(openKeys((await openShop(command, need)).access)));
}

/** Prints the keys that were ended, and fails for those that are not there. */
function printEnded(options: { json?: boolean }, results: readonly (KeyRow | VitrineError)[]): void {
  const ended = results.filter((one): one is KeyRow => !(one instanceof Error));
  if (ended.length > 0) print(options, ended, keysTable(ended));
  const missing = results.find((one) => one instanceof Error);
  if (missing) throw missing;
}

function keysTable(keys: readonly KeyRow[]): string {
  return table(
    ['id', 'name', 'kind', 'scopes', 'made', 'state', 'last used'],
    keys.map((key) => [
      key.id,
      key.name,
      key.kind,
      key.scopes.join(' '),
      timeText(key.createdAt),
      stateOf(key),
      key.lastUsedAt ? timeText(key.lastUsedAt) : 'never',
    ]),
  );
}

function stateOf(key: KeyRow): string {
  if (key.revokedAt) return `revoked ${timeText(key.revokedAt)}`;
  if (!key.expiresAt) return 'holds';
  return `${holds(key) ? 'expires' : 'expired'} ${timeText(key.expiresAt)}`;
}

function auditTable(entries: readonly AuditRow[]): string {
  const shown = (value: unknown): string => (value === null ? '' : JSON.stringify(value));
  return table(
    ['at', 'by', 'what', 'of', 'before', 'after'],
    entries.map(({ at, actor, action, subject, before, after }) => [
      timeText(at),
      actor,
      action,
      subject,
      shown(before),
      shown(after),
    ]),
  );
}

/** A time to the minute, in UTC. */
function timeText(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace('T', ' ')}Z`;
}

function scopesHelp(): string {
  const width = Math.max(...SCOPES.map((scope) => scope.length));
  return SCOPES.map((scope) => `  ${scope.padEnd(width)}  ${SCOPE_MEANINGS[scope]}`).join('\n');
}
