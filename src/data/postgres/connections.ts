// The connections to the shop's Postgres, and how long each kind of statement may take: short ones
// of requests, orders, long ones that go over the whole shop, and a ping. Each kind has connections
// of its own, so that none holds up another. Knows no table.

import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Pool, type ClientConfig, type PoolClient, type PoolConfig, type QueryResultRow } from 'pg';
import { asError } from '../../errors';
import { databaseError, isSilence } from './database-errors';

/**
 * What every connection of the program is opened with: a peer that is gone is noticed also where
 * nothing is sent.
 */
export const CONNECTION = {
  connectionTimeoutMillis: 5_000,
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
} as const;

export interface ConnectionLimits {
  /** Connections at most. Those for orders may all wait for locks: reads go on. */
  readonly reads: number;
  readonly orders: number;
  readonly long: number;
  /** Milliseconds for opening a connection, and for waiting until one is free. */
  readonly connectMs: number;
  /** For a statement of a request; then the server ends it. */
  readonly statementMs: number;
  /**
   * The server has this long to do so. Then it is taken for silent, and the connection is thrown
   * away.
   */
  readonly graceMs: number;
  /** How long an order waits for a row that another transaction has locked. */
  readonly lockMs: number;
  /** For opening the connection of the ping, and for its answer. */
  readonly pingMs: number;
  /**
   * A long statement is given up when so many pings beside it, one after the other, had no answer.
   */
  readonly missedPings: number;
  /** How long closing waits for statements that run. */
  readonly closeMs: number;
}

export const LIMITS: ConnectionLimits = {
  reads: 10,
  orders: 5,
  long: 8,
  connectMs: CONNECTION.connectionTimeoutMillis,
  statementMs: 10_000,
  graceMs: 2_000,
  lockMs: 3_000,
  pingMs: 2_000,
  missedPings: 5,
  closeMs: 5_000,
};

/** Whatever fails here fails as `databaseError` says. */
export interface Connections {
  /** The connections of short statements, for Prisma; ask through `short`. */
  readonly pool: Pool;
  /**
   * A statement that somebody waits for. While the database is known to be silent it fails within
   * the time of a ping.
   */
  short<T>(work: (pool: Pool) => Promise<T>): Promise<T>;
  /**
   * All statements of `work` or none, under the limits of a request; waits for locks no longer than
   * `lockMs`.
   */
  transaction<T>(work: (client: PoolClient) => Promise<T>): Promise<T>;
  /**
   * Statements without a limit of time: `work` goes on for as long as the database answers pings
   * beside it.
   */
  long<T>(work: (client: PoolClient) => Promise<T>): Promise<T>;
  /** A connection for what belongs to a session, such as its locks. The caller ends it. */
  dedicated(name: string): Promise<DedicatedConnection>;
  /** On a connection of its own, shared by all who ask meanwhile. */
  ping(): Promise<void>;
  /** Waits for statements that run, at most `closeMs`; then they are cut off. Idempotent. */
  close(): Promise<void>;
}

export interface DedicatedConnection {
  query<Row extends QueryResultRow>(text: string, values: unknown[]): Promise<Row[]>;
  /** Never fails, nor waits for a server that does not answer. */
  end(): Promise<void>;
}

/**
 * Connects with the first statement. `pooled`: a pooler stands between, which takes no settings of
 * a session.
 */
export function openConnections(url: string, pooled: boolean, limits: ConnectionLimits = LIMITS): Connections {
  return new PostgresConnections(url, pooled, limits);
}

class PostgresConnections implements Connections {
  private readonly reads: OpenPool;
  private readonly orders: OpenPool;
  private readonly longs: OpenPool;
  private readonly pings: OpenPool;
  private readonly begin: string;
  private readonly shared: ClientConfig;
  /** A statement had no answer, and no ping has had one since. */
  private silent = false;
  private pinging: Promise<void> | undefined;
  private closed: Promise<void> | undefined;

  constructor(
    url: string,
    pooled: boolean,
    private readonly limits: ConnectionLimits,
  ) {
    const { connectMs, statementMs, graceMs, lockMs, pingMs } = limits;
    const long = {
      ...CONNECTION,
      connectionString: url,
      application_name: 'vitrine',
      connectionTimeoutMillis: connectMs,
    };
    this.shared = long;
    const request = { ...long, query_timeout: statementMs + graceMs };
    this.reads = openPool({ ...request, max: limits.reads, ...(!pooled && { statement_timeout: statementMs }) });
    this.orders = openPool({ ...request, max: limits.orders });
    this.longs = openPool({ ...long, max: limits.long });
    const ping = { connectionTimeoutMillis: pingMs, query_timeout: pingMs, idleTimeoutMillis: 60_000 };
    this.pings = openPool({ ...long, ...ping, max: 1 });
    // Limits of a transaction pass through a pooler, those of a session do not.
    this.begin = `BEGIN; SET LOCAL lock_timeout = ${lockMs}; SET LOCAL statement_timeout = ${statementMs};
      SET LOCAL idle_in_transaction_session_timeout = ${statementMs}`;
  }

  get pool(): Pool {
    return this.reads.pool;
  }

  short<T>(work: (pool: Pool) => Promise<T>): Promise<T> {
    return this.promptly(() => work(this.pool));
  }

  transaction<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    return this.promptly(async () => {
      const client = await this.orders.pool.connect();
      try {
        await client.query(this.begin);
        const result = await work(client);
        await client.query('COMMIT');
        client.release();
        return result;
      } catch (thrown) {
        client.release(isSilence(thrown) ? asError(thrown) : await rollBack(client));
        throw thrown;
      }
    });
  }

  async long<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const done = new AbortController();
    let client: PoolClient | undefined;
    try {
      client = await this.longs.pool.connect();
      this.watch(client, done.signal).catch(() => undefined);
      const result = await work(client);
      client.release();
      return result;
    } catch (thrown) {
      client?.release(asError(thrown));
      throw databaseError(thrown);
    } finally {
      done.abort();
    }
  }

  async dedicated(name: string): Promise<DedicatedConnection> {
    const client = new Client({ ...this.shared, application_name: name, query_timeout: this.limits.statementMs });
    // A connection that breaks is seen by the statement that needs it.
    client.on('error', () => undefined);
    const fail = (thrown: unknown): never => {
      throw databaseError(thrown);
    };
    await client.connect().catch(fail);
    return {
      query: async <Row extends QueryResultRow>(text: string, values: unknown[]) =>
        (await client.query<Row>(text, values).catch(fail)).rows,
      end: async () => {
        const timer = setTimeout(() => client.connection.stream.destroy(), this.limits.closeMs);
        await client.end().catch(() => undefined);
        clearTimeout(timer);
      },
    };
  }

  ping(): Promise<void> {
    this.pinging ??= this.askPing().finally(() => (this.pinging = undefined));
    return this.pinging;
  }

  close(): Promise<void> {
    const ends = () => this.pools().map((pool) => pool.end(this.limits.closeMs));
    this.closed ??= Promise.all(ends()).then(() => undefined);
    return this.closed;
  }

  private pools(): OpenPool[] {
    return [this.reads, this.orders, this.longs, this.pings];
  }

  /**
   * Does what somebody waits for: they are not to wait again for a database that was found silent
   * before.
   */
  private async promptly<T>(work: () => Promise<T>): Promise<T> {
    if (this.silent) {
      await this.ping().catch((thrown: unknown) => {
        if (this.silent) throw thrown;
      });
    }
    try {
      return await work();
    } catch (thrown) {
      if (isSilence(thrown)) {
        this.silent = true;
        // Those that wait for work may be just as dead, and would be found out one by one.
        for (const pool of this.pools()) pool.dropIdle();
      }
      throw databaseError(thrown);
    }
  }

  private async askPing(): Promise<void> {
    try {
      await this.pings.pool.query('SELECT 1');
      this.silent = false;
    } catch (thrown) {
      this.silent = isSilence(thrown);
      throw databaseError(thrown);
    }
  }

  /**
   * Breaks the connection of a long statement once the database has been silent for long enough.
   */
  private async watch({ connection }: PoolClient, signal: AbortSignal): Promise<void> {
    for (let missed = 0; missed < this.limits.missedPings;) {
      await sleep(this.limits.pingMs, undefined, { signal, ref: false });
      missed = await this.ping().then(
        () => 0,
        () => (this.silent ? missed + 1 : 0),
      );
    }
    if (!signal.aborted) connection.stream.destroy();
  }
}

/** undefined: the connection may serve others; else why not. */
async function rollBack(client: PoolClient): Promise<Error | undefined> {
  return client.query('ROLLBACK').then(() => undefined, asError);
}

interface OpenPool {
  readonly pool: Pool;
  /** Throws away the connections that wait for work. */
  readonly dropIdle: () => void;
  /** Ends the pool; connections that are still open after `graceMs` are cut. */
  end(graceMs: number): Promise<void>;
}

function openPool(config: PoolConfig): OpenPool {
  const pool = new Pool(config);
  const open = new Set<PoolClient>();
  const idle = new Set<PoolClient>();
  const cut = ({ connection }: PoolClient): void => void connection.stream.destroy();
  // A connection that breaks: the statement that uses it fails, or the next one gets another.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => {
    open.add(client);
    client.on('error', () => undefined);
    client.once('end', () => open.delete(client));
  });
  pool.on('acquire', (client) => idle.delete(client));
  pool.on('release', (_error, client) => idle.add(client));
  pool.on('remove', (client) => idle.delete(client));
  return {
    pool,
    dropIdle: () => idle.forEach(cut),
    async end(graceMs) {
      const timer = setTimeout(() => open.forEach(cut), graceMs);
      await pool.end();
      await Promise.all(Array.from(open, (client) => new Promise((resolve) => client.once('end', resolve))));
      clearTimeout(timer);
    },
  };
}
