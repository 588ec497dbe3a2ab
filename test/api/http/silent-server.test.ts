// A complete server whose database stops responding: the server still answers requests, reports its
// health, and ends on SIGTERM.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SETTING_NAMES } from '../../../src/config';
import { createTestDatabase } from '../../support/database';
import type { GraphqlAnswer } from '../../support/graphql-shop';
import { openProxy } from '../../support/proxy';

const MAIN = join(__dirname, '..', '..', '..', 'src', 'main.js');
/** Longer than all time limits together on a busy machine. Anything that takes longer is stuck. */
const STUCK_MS = 60_000;

test('a server whose database falls silent answers, is not ready, recovers without a restart, and ends on SIGTERM', async () => {
  const database = await createTestDatabase('silent_server');
  await database.sql(`INSERT INTO customers (customer_id) VALUES ('ada')`);
  const proxy = await openProxy(database.url);
  const base = await mkdtemp(join(tmpdir(), 'vitrine-silent-'));
  const inherited = Object.entries(process.env).filter(([key]) => !SETTING_NAMES.includes(key));
  const env = { DATABASE_URL: proxy.url, VITRINE_HOME: base, MODELS_DIR: join(base, 'models'), LOG_LEVEL: 'silent' };
  const child = spawn(process.execPath, [MAIN, 'serve', '--port', '0'], {
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
    cwd: base,
  });
  try {
    const address = await addressOf(child.stderr);
    const within = { signal: AbortSignal.timeout(STUCK_MS) };
    const codeOf = async (): Promise<string> => {
      const body = JSON.stringify({ query: '{ customers(first: 1) { nodes { id } } }' });
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`${address}/graphql`, { method: 'POST', headers, body, ...within });
      const { errors } = (await response.json()) as GraphqlAnswer;
      return errors?.[0].extensions.code ?? 'answered';
    };
    const statusOf = async (path: string): Promise<number> => (await fetch(address + path, within)).status;
    const readyReason = async (): Promise<unknown> =>
      ((await (await fetch(`${address}/health/ready`, within)).json()) as { reason: string }).reason;

    expect(await codeOf()).toBe('answered');
    // Without a release the server is never ready. The reason says whether the release or the
    // database is missing.
    expect(await readyReason()).toBe('recommendations are not available; see the log');

    proxy.silence();
    const answers = await Promise.all(Array.from({ length: 112 }, codeOf));
    expect(answers.filter((code) => !['DATABASE_UNAVAILABLE', 'OVERLOADED'].includes(code))).toEqual([]);
    expect(await statusOf('/health/ready')).toBe(503);
    expect(await statusOf('/health/live')).toBe(200);

    proxy.speak(false);
    while ((await codeOf()) !== 'answered') await new Promise((resolve) => setTimeout(resolve, 100));

    proxy.silence();
    const last = codeOf().catch(() => 'cut off');
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), STUCK_MS);
    const ended = (await once(child, 'exit')) as [number | null, string | null];
    clearTimeout(late);
    expect(ended).toEqual([0, null]);
    await last;
  } finally {
    child.kill('SIGKILL');
    await proxy.close();
    await database.close();
    await rm(base, { recursive: true, force: true });
  }
});

async function addressOf(stderr: AsyncIterable<unknown>): Promise<string> {
  let heard = '';
  for await (const text of stderr) {
    heard += String(text);
    const address = /http:\/\/127\.0\.0\.1:\d+/.exec(heard)?.[0];
    if (address !== undefined) return address;
  }
  throw new Error(`the server did not start: ${heard}`);
}
