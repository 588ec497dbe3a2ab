// Homes with an initialised embedded Postgres. Initialising a Postgres takes seconds, so each run
// does so only once.
import { execFileSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openDatabase } from '../../../src/data/postgres/postgres';
import { madeOnce } from './run';

/** Puts a Postgres into `home`, in the state in which the first command leaves it. */
export async function prepareHome(home: string): Promise<void> {
  const made = await madeOnce('home', async (folder) => {
    const database = await openDatabase({ databaseUrl: undefined, home: folder });
    await database.close();
    await rm(join(folder, 'postgres', 'postgres.log'));
  });
  // `cp -a` keeps the owner of each file, who may be another user.
  execFileSync('cp', ['-a', join(made, 'postgres'), home]);
}
