// Homes whose embedded Postgres is initialised already, for tests of what comes after: to
// initialise one takes seconds.
import { execFileSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openDatabase } from '../../../src/data/postgres/postgres';
import { madeOnce } from './run';

/** Leaves `home`, a folder without a Postgres, as a first command that has ended would leave it. */
export async function prepareHome(home: string): Promise<void> {
  const made = await madeOnce('home', async (folder) => {
    const database = await openDatabase({ databaseUrl: undefined, home: folder });
    await database.close();
    await rm(join(folder, 'postgres', 'postgres.log'));
  });
  // Files keep their owner, who may be another user.
  execFileSync('cp', ['-a', join(made, 'postgres'), home]);
}
