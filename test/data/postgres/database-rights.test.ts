// Databases that cannot be used as they are, and folders that cannot be written to. Each error has
// a code and names the remedy.
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../../src/config';
import { missingWriteRights, openDatabase } from '../../../src/data/postgres/postgres';
import { examine } from '../../../src/cli/doctor';
import { createTestDatabase, type TestDatabase } from '../../support/database';

let database: TestDatabase;
let user: string;
beforeAll(async () => {
  database = await createTestDatabase('rights');
  user = `guest ${randomBytes(4).toString('hex')}`;
  await database.sql(`CREATE ROLE "${user}" LOGIN PASSWORD 'secret'`);
});
afterAll(async () => {
  await database.sql(`DROP OWNED BY "${user}"`);
  await database.sql(`DROP ROLE "${user}"`);
  await database.close();
});

describe('a database user', () => {
  test('without the right to connect gets the statement that grants it', async () => {
    const name = nameOf(database.url);
    await database.sql(`REVOKE CONNECT ON DATABASE "${name}" FROM PUBLIC`);
    await expect(openAs()).rejects.toMatchObject({
      code: 'DATABASE_FORBIDDEN',
      message: expect.stringContaining(`GRANT CONNECT ON DATABASE "${name}" TO "${user}";`) as string,
    });
    await database.sql(`GRANT CONNECT ON DATABASE "${name}" TO PUBLIC`);
  });

  test('without the right to make tables gets the statement that grants it', async () => {
    // The rights in an empty database of Postgres 15 or later.
    await database.sql('CREATE SCHEMA empty');
    await database.sql(`GRANT USAGE ON SCHEMA empty TO "${user}"`);
    const url = asUser();
    url.searchParams.set('options', '-c search_path=empty');
    const refused = await openDatabase({ databaseUrl: url.toString(), home: '/nowhere' }).catch((e: unknown) => e);
    expect(refused).toMatchObject({ code: 'DATABASE_FORBIDDEN' });
    await grantAsTold(refused, `GRANT USAGE, CREATE ON SCHEMA "empty" TO "${user}";`);
    await (await openDatabase({ databaseUrl: url.toString(), home: '/nowhere' })).close();
    expect(await database.sql('SELECT count(*)::int AS n FROM empty.articles')).toEqual([{ n: 0 }]);
  });

  test('without the right to read the tables gets the statement that grants it', async () => {
    const refused = await openAs().catch((thrown: unknown) => thrown);
    expect(refused).toMatchObject({ code: 'DATABASE_FORBIDDEN' });
    await grantAsTold(refused, `GRANT SELECT ON ALL TABLES IN SCHEMA "public" TO "${user}";`);
    await (await openAs()).close();
  });

  test('who may only read can serve, and doctor names the rights for imports', async () => {
    await database.sql(`GRANT SELECT ON ALL TABLES IN SCHEMA public TO "${user}"`);
    const statements = [
      `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "public" TO "${user}";`,
      `GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA "public" TO "${user}";`,
    ];
    expect(await missingWriteRights(asUser().toString())).toEqual(statements);
    // A command that writes fails before it begins.
    await expect(
      openDatabase({ databaseUrl: asUser().toString(), home: '/nowhere' }, { need: 'write' }),
    ).rejects.toMatchObject({
      code: 'DATABASE_FORBIDDEN',
      message: expect.stringContaining(statements.join('\n')) as string,
    });
    const findings = await examine(readConfig({ DATABASE_URL: asUser().toString() }, tmpdir()));
    expect(findings.find(({ name }) => name === 'database')).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('may only read') as string,
      remedy: statements.join(' '),
    });
    for (const statement of statements) await database.sql(statement);
    expect(await missingWriteRights(asUser().toString())).toEqual([]);
  });

  test('who does not own the tables cannot migrate them, and gets the name of the owner', async () => {
    await database.sql(`GRANT ALL ON ALL TABLES IN SCHEMA public TO "${user}"`);
    await database.sql(`GRANT CREATE ON SCHEMA public TO "${user}"`);
    // Applies a migration again that changes tables of another owner.
    const [last] = await database.sql<{ migration_name: string }>(
      `UPDATE _prisma_migrations SET rolled_back_at = now()
       WHERE migration_name = '20261201060000_any_shop' RETURNING *`,
    );
    await expect(openAs()).rejects.toMatchObject({
      code: 'DATABASE_FORBIDDEN',
      message: expect.stringMatching(
        new RegExp(`migration ${last.migration_name} failed: (.|\n)*GRANT "vitrine" TO "${user}";`),
      ) as string,
    });
    await database.sql('UPDATE _prisma_migrations SET rolled_back_at = NULL');
    await (await openDatabase({ databaseUrl: database.url, home: '/nowhere' })).close();
  });

  test('with a wrong password, an unknown name or a missing database learns what to correct', async () => {
    const wrong = asUser();
    wrong.password = 'guessed';
    await expect(openDatabase({ databaseUrl: wrong.toString(), home: '/nowhere' })).rejects.toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      message: expect.stringMatching(/correct the password in DATABASE_URL, or run ALTER ROLE "guest/) as string,
    });
    const missing = asUser();
    missing.pathname = '/no-such-shop';
    const refused = await openDatabase({ databaseUrl: missing.toString(), home: '/nowhere' }).catch((e: unknown) => e);
    expect(refused).toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      message: expect.stringContaining(`CREATE DATABASE "no-such-shop" OWNER "${user}";`) as string,
    });
    expect(String(refused)).not.toContain('secret');
    await database.sql(`ALTER ROLE "${user}" NOLOGIN`);
    await expect(openAs()).rejects.toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      message: expect.stringContaining(`ALTER ROLE "${user}" LOGIN`) as string,
    });
    await database.sql(`ALTER ROLE "${user}" LOGIN`);
  });

  test('whose connections are all in use is told to try again', async () => {
    await database.sql(`ALTER ROLE "${user}" CONNECTION LIMIT 0`);
    await expect(openAs()).rejects.toMatchObject({ code: 'OVERLOADED' });
    await database.sql(`ALTER ROLE "${user}" CONNECTION LIMIT -1`);
  });
});

test('a read-only database can serve, but its migration fails and the error names the primary server', async () => {
  const url = new URL(database.url);
  url.searchParams.set('options', '-c default_transaction_read_only=on');
  await (await openDatabase({ databaseUrl: url.toString(), home: '/nowhere' })).close();
  await database.sql('CREATE SCHEMA IF NOT EXISTS fresh');
  url.searchParams.set('options', '-c default_transaction_read_only=on -c search_path=fresh');
  await expect(openDatabase({ databaseUrl: url.toString(), home: '/nowhere' })).rejects.toMatchObject({
    code: 'DATABASE_UNAVAILABLE',
    message: expect.stringMatching(/read-only: set DATABASE_URL to the primary server/) as string,
  });
});

describe('VITRINE_HOME', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vitrine-storage-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

  test('within a file is an error with its path, in doctor too', async () => {
    writeFileSync(join(folder, 'file'), '');
    const home = join(folder, 'file', 'home');
    await expect(openDatabase({ databaseUrl: undefined, home })).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      message: expect.stringMatching(/file\/home.* a part of this path is a file/) as string,
    });
    const findings = await examine(readConfig({ VITRINE_HOME: home }, folder));
    expect(findings.find(({ name }) => name === 'database')).toMatchObject({
      status: 'fail',
      remedy: 'Make room there or allow writing, then run the command again.',
    });
  });

  (canMount() ? test : test.skip)('on a full disk is told so (needs the right to mount)', async () => {
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'none', disk]);
    try {
      await expect(openDatabase({ databaseUrl: undefined, home: disk })).rejects.toMatchObject({
        code: 'STORAGE_UNAVAILABLE',
        message: expect.stringContaining('No space left on device') as string,
      });
      // A half-made cluster does not fill the disk.
      expect(readdirSync(join(disk, 'postgres', 'server'))).not.toContain('data.new');
    } finally {
      execFileSync('umount', ['-l', disk]);
    }
  });

  (canMount() ? test : test.skip)('on a disk that was filled since is told so (needs the right to mount)', async () => {
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=160m', 'none', disk]);
    try {
      const config = { databaseUrl: undefined, home: disk };
      await (await openDatabase(config)).close();
      expect(spawnSync('sh', ['-c', `cat /dev/zero >"${join(disk, 'other')}"`]).status).not.toBe(0);
      await expect(openDatabase(config)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
      rmSync(join(disk, 'other'));
      await (await openDatabase(config)).close();
    } finally {
      execFileSync('umount', ['-l', disk]);
    }
  });

  (canMount() ? test : test.skip)('on a read-only disk is told so (needs the right to mount)', async () => {
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,ro', 'none', disk]);
    try {
      await expect(openDatabase({ databaseUrl: undefined, home: join(disk, 'home') })).rejects.toMatchObject({
        code: 'STORAGE_UNAVAILABLE',
        message: expect.stringMatching(/disk\/home.*: the disk is read-only \(EROFS\)/) as string,
      });
    } finally {
      execFileSync('umount', ['-l', disk]);
    }
    expect(existsSync(join(disk, 'home'))).toBe(false);
  });
});

function asUser(): URL {
  const url = new URL(database.url);
  url.username = user;
  url.password = 'secret';
  return url;
}

function openAs(): ReturnType<typeof openDatabase> {
  return openDatabase({ databaseUrl: asUser().toString(), home: '/nowhere' });
}

/** Runs the statement that the error names. */
async function grantAsTold(thrown: unknown, statement: string): Promise<void> {
  expect(String(thrown).split('\n')).toContain(statement);
  await database.sql(statement);
}

function nameOf(url: string): string {
  return new URL(url).pathname.slice(1);
}

function canMount(): boolean {
  const place = mkdtempSync(join(tmpdir(), 'vitrine-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', place], { stdio: 'ignore' });
    execFileSync('umount', [place]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(place, { recursive: true });
  }
}
