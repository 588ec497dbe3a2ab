// The code of each fault of the database: the table of codes, and real faults of a Postgres in each
// way that the store sends statements.

import { randomBytes } from 'node:crypto';
import { openConnections, LIMITS } from '../../../src/data/postgres/connections';
import { databaseError } from '../../../src/data/postgres/database-errors';
import type { Store } from '../../../src/data/store/store';
import { openStore, type StoreOptions } from '../../../src/data/store/open-store';
import { VitrineError } from '../../../src/errors';
import { createTestDatabase, type TestDatabase } from '../../support/database';

/** An error as `pg` throws it. */
const saidByServer = (code: string) => Object.assign(new Error('the words of the server'), { code, severity: 'ERROR' });
/** The same error as Prisma wraps it. */
const saidThroughPrisma = (originalCode: string) =>
  Object.assign(new Error('\nInvalid `prisma.fact.upsert()` invocation:\n\n\nDatabase error.'), {
    code: 'P2039',
    meta: { driverAdapterError: { cause: { originalCode, originalMessage: 'the words of the server' } } },
  });

describe.each([
  ['OVERLOADED', ['53300', '53400', '55P03', '57014', '40P01', '40001', '25P03', '25P04']],
  [
    'DATABASE_UNAVAILABLE',
    [
      '08006',
      '08P01',
      '25006',
      '28P01',
      '28000',
      '3D000',
      '42P01',
      '42703',
      '53100',
      '53200',
      '57P01',
      '57P02',
      '57P03',
      '58030',
    ],
  ],
  ['DATABASE_FORBIDDEN', ['42501']],
  ['INPUT_INVALID', ['22003', '22007', '22008', '22021', '22P05']],
])('%s', (code, states) => {
  test.each(states)('is the code of SQLSTATE %s, by `pg` and by Prisma', (state) => {
    for (const thrown of [saidByServer(state), saidThroughPrisma(state)]) {
      const error = databaseError(thrown);
      expect(error).toMatchObject({ code, cause: thrown });
      // Clients read these messages, so they have no words of the server. The operator reads the
      // others.
      expect(error.message.endsWith(code === 'OVERLOADED' ? 'in a moment.' : 'the words of the server')).toBe(true);
    }
  });
});

test.each([
  ['P2028', 'OVERLOADED'],
  ['P2024', 'OVERLOADED'],
  ['P2034', 'OVERLOADED'],
  ['P1001', 'DATABASE_UNAVAILABLE'],
  ['P1017', 'DATABASE_UNAVAILABLE'],
])("Prisma's own %s becomes %s", (prisma, code) => {
  expect(databaseError(Object.assign(new Error('x'), { code: prisma }))).toMatchObject({ code });
});

test.each([
  ['timeout exceeded when trying to connect', 'OVERLOADED'],
  ['Query read timeout', 'DATABASE_UNAVAILABLE'],
  ['Connection terminated due to connection timeout', 'DATABASE_UNAVAILABLE'],
  ['Connection terminated unexpectedly', 'DATABASE_UNAVAILABLE'],
  ['Client has encountered a connection error and is not queryable', 'DATABASE_UNAVAILABLE'],
  ['The server does not support SSL connections', 'DATABASE_UNAVAILABLE'],
  ['SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string', 'DATABASE_UNAVAILABLE'],
  ['Cannot use a pool after calling end on the pool', 'SHUTTING_DOWN'],
])('“%s” becomes %s', (message, code) => {
  expect(databaseError(new Error(message))).toMatchObject({ code });
});

test.each([
  new Error('something else'),
  saidByServer('42601'), // a syntax error is a fault of the program
  Object.assign(new Error('no such file'), { code: 'ENOENT', syscall: 'open' }),
])('what nobody foresees stays as it is: %s', (thrown) => {
  expect(databaseError(thrown)).toBe(thrown);
});

test('an error that has a code keeps it', () => {
  const error = new VitrineError('INPUT_INVALID', 'expected something else');
  expect(databaseError(error)).toBe(error);
});

describe('on a real Postgres', () => {
  const role = `vitrine_test_${randomBytes(4).toString('hex')}`;
  let database: TestDatabase;
  let name: string;
  const opened: Store[] = [];
  const open = (url: string, options?: StoreOptions): Store => {
    const store = openStore(url, options);
    opened.push(store);
    return store;
  };
  const urlOf = (user: string, password: string): string => {
    const url = new URL(database.url);
    return Object.assign(url, { username: user, password }).toString();
  };
  beforeAll(async () => {
    database = await createTestDatabase('errors');
    name = new URL(database.url).pathname.slice(1);
    await database.sql(`INSERT INTO articles (article_id) VALUES ('a1')`);
    await database.sql(`INSERT INTO customers (customer_id) VALUES ('ada'), ('bo')`);
    await database.sql(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
  });
  afterAll(async () => {
    await Promise.all(opened.map((store) => store.close()));
    await database.sql(`DROP OWNED BY ${role}`);
    await database.sql(`DROP ROLE ${role}`);
    await database.close();
  });

  const order = (price: number | null = null) => ({
    requestId: randomBytes(8).toString('hex'),
    customerId: 'ada',
    lines: [{ articleId: 'a1', price, salesChannelId: null }],
  });
  /** Reads by `pg` and by Prisma, an order, a long statement, a COPY. */
  const WAYS: [string, (store: Store) => Promise<unknown>][] = [
    ['rows', (store) => store.articlesById(['a1'])],
    ['a page', (store) => store.customersPage(1)],
    ['an order', (store) => store.recordOrder(order())],
    ['a count', (store) => store.counts()],
    ['all purchases', (store) => store.readPurchases()],
  ];
  const expectAll = async (store: Store, code: string): Promise<void> => {
    for (const [way, asked] of WAYS) {
      await expect(asked(store).then(() => way)).rejects.toMatchObject({ code });
    }
  };

  test('a wrong password is DATABASE_UNAVAILABLE', () => expectAll(open(urlOf(role, 'wrong')), 'DATABASE_UNAVAILABLE'));

  test('a missing database is DATABASE_UNAVAILABLE', async () => {
    const url = new URL(database.url);
    url.pathname = '/nowhere';
    await expectAll(open(url.toString()), 'DATABASE_UNAVAILABLE');
  });

  test('a database without the tables is DATABASE_UNAVAILABLE', async () => {
    const url = new URL(database.url);
    url.pathname = '/postgres';
    await expectAll(open(url.toString()), 'DATABASE_UNAVAILABLE');
  });

  test('a missing right is DATABASE_FORBIDDEN', () => expectAll(open(urlOf(role, 'secret')), 'DATABASE_FORBIDDEN'));

  test('too many connections is OVERLOADED, without the name of the user', async () => {
    await database.sql(`ALTER ROLE ${role} CONNECTION LIMIT 0`);
    const store = open(urlOf(role, 'secret'));
    await expectAll(store, 'OVERLOADED');
    await expect(store.customersPage(1)).rejects.toThrow(/^The database has no connection free; send the same/);
  });

  test('a read-only database answers reads, and refuses orders as DATABASE_UNAVAILABLE', async () => {
    await database.sql(`ALTER DATABASE "${name}" SET default_transaction_read_only = on`);
    const store = open(database.url);
    expect(await store.articlesById(['a1'])).toHaveLength(1);
    await expect(store.recordOrder(order())).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    await expect(store.setFact('x', 1)).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    await database.sql(`ALTER DATABASE "${name}" RESET default_transaction_read_only`);
  });

  test('a statement that takes too long is OVERLOADED, by `pg` and by Prisma', async () => {
    const store = open(database.url, { limits: { statementMs: 300 } });
    await database.sql('BEGIN');
    await database.sql('LOCK articles, customers IN ACCESS EXCLUSIVE MODE');
    await expect(store.articlesById(['a1'])).rejects.toMatchObject({ code: 'OVERLOADED' });
    await expect(store.customersPage(1)).rejects.toMatchObject({ code: 'OVERLOADED' });
    await database.sql('COMMIT');
  });

  test('waiting for a connection for too long is OVERLOADED', async () => {
    const store = open(database.url, { limits: { reads: 1, connectMs: 500 } });
    await store.customersPage(1);
    await database.sql('BEGIN');
    await database.sql('LOCK articles IN ACCESS EXCLUSIVE MODE');
    const first = store.articlesById(['a1']);
    await expect(store.customersPage(1)).rejects.toMatchObject({ code: 'OVERLOADED' });
    await database.sql('COMMIT');
    await first;
  });

  test('connections that the server ends are DATABASE_UNAVAILABLE, and the next request succeeds', async () => {
    const store = open(database.url);
    await database.sql('BEGIN');
    await database.sql('LOCK articles IN ACCESS EXCLUSIVE MODE');
    const asked = store.articlesById(['a1']).catch((thrown: unknown) => thrown);
    const waiting = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    for (let ended = 0; ended === 0; await database.sql('SELECT pg_stat_clear_snapshot()')) {
      ended = (await database.sql(`SELECT pg_terminate_backend(pid) FROM (${waiting}) AS w`)).length;
    }
    await database.sql('COMMIT');
    expect(await asked).toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    expect(await store.articlesById(['a1'])).toHaveLength(1);
  });

  test('values that do not fit are INPUT_INVALID', async () => {
    const store = open(database.url);
    await expect(store.articlesById(['a\0'])).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  describe('a transaction', () => {
    test('in a deadlock is OVERLOADED, and the other one goes on', async () => {
      const connections = openConnections(database.url, false, { ...LIMITS, lockMs: 10_000 });
      const lock = (id: string) => `SELECT 1 FROM customers WHERE customer_id = '${id}' FOR UPDATE`;
      let both = 0;
      let meet: () => void = () => undefined;
      const met = new Promise<void>((resolve) => (meet = resolve));
      const inOrder = (one: string, other: string) =>
        connections
          .transaction(async (client) => {
            await client.query(lock(one));
            if ((both += 1) === 2) meet();
            await met;
            await client.query(lock(other));
          })
          .then(
            () => 'done',
            (thrown: unknown) => (thrown as VitrineError).code,
          );
      const ended = await Promise.all([inOrder('ada', 'bo'), inOrder('bo', 'ada')]);
      expect(ended.sort()).toEqual(['OVERLOADED', 'done']);
      await connections.close();
    });

    test('that is idle for too long is ended by the server, which frees its locks', async () => {
      const connections = openConnections(database.url, false, { ...LIMITS, statementMs: 200 });
      const idle = connections.transaction(async (client) => {
        await new Promise((resolve) => client.once('end', resolve));
        await client.query('SELECT 1');
      });
      await expect(idle).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
      await connections.close();
    });

    test('that fails is rolled back, and the next one can use its connection', async () => {
      const connections = openConnections(database.url, false, { ...LIMITS, orders: 1 });
      const failed = connections.transaction(async (client) => {
        await client.query(`INSERT INTO customers (customer_id) VALUES ('gone')`);
        throw new Error('no');
      });
      await expect(failed).rejects.toThrow('no');
      expect(
        await connections.transaction((client) => client.query(`SELECT 1 FROM customers WHERE customer_id = 'gone'`)),
      ).toMatchObject({
        rows: [],
      });
      await connections.close();
    });
  });
});
