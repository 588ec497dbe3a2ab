// Homes with an initialised embedded Postgres. Initialising one takes seconds, so each run does it
// once.
import { execFileSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openDatabase } from '../../../src/data/postgres/postgres';
import { madeOnce } from './run';

/** Puts a Postgres into `home`, in the state that a first command leaves behind. */
export async function prepareHome(home: string): Promise<void> {
  const made = await madeOnce('home', async (folder) => {
    const database = await openDatabase({ databaseUrl: undefined, home: folder });
    await database.close();
    await rm(join(folder, 'postgres', 'postgres.log'));
  });
  // The copy keeps the owner of each file, who may be another user.
  execFileSync('cp', ['-a', join(made, 'postgres'), home]);
}
