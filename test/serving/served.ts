// Helpers of tests that serve a release.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createServer, type Server } from '../../src/api/server';
import type { Store } from '../../src/data/store/store';
import type { Host } from '../../src/serving/host';
import { createLog } from '../../src/telemetry/log';

export const silentLog = createLog({ logLevel: 'silent' });
export const SERVING = { device: 'cpu', threads: 1, explore: 24 } as const;

/** The counts that differ between two readings, with the differences. */
export function difference(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): [string, number][] {
  return [...after].flatMap(([what, count]) =>
    count === before.get(what) ? [] : [[what, count - (before.get(what) ?? 0)]],
  );
}

export function serverOf(store: Store, host: Host): Promise<Server> {
  return createServer({
    store,
    recommender: host.recommender,
    config: { host: '127.0.0.1', port: 0, introspection: true, corsOrigins: [] },
    log: silentLog,
    report: () => host.report(),
    ready: () => ({ ready: true }),
  });
}

/** The data of an answer without errors. */
export async function query(server: Server, text: string): Promise<unknown> {
  const response = await server.app.inject({ method: 'POST', url: '/graphql', payload: { query: text } });
  const answer = response.json<{ data: unknown; errors?: unknown }>();
  expect(answer.errors).toBeUndefined();
  return answer.data;
}

export function listOf<Item>(list: readonly Item[] | Error): readonly Item[] {
  if (list instanceof Error) throw list;
  return list;
}

export async function editManifest(folder: string, edit: (manifest: Record<string, unknown>) => void): Promise<void> {
  const file = join(folder, 'manifest.json');
  const manifest = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  edit(manifest);
  await writeFile(file, JSON.stringify(manifest));
}

export async function renameManifest(folder: string, name: string): Promise<void> {
  await editManifest(folder, (manifest) => {
    manifest.name = name;
  });
}
