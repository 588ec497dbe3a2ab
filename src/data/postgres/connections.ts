// The connections to the shop's Postgres, and the time that each kind of statement may take. There
// are four kinds: statements of requests, orders, long statements that read the whole shop, and
// pings. Each kind has its own connections, so that none holds up another.

import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Pool, type ClientConfig, type PoolClient, type PoolConfig, type QueryResultRow } from 'pg';
import { asError } from '../../errors';
import { databaseError, isSilence } from './database-errors';

/** Settings of every connection. Keep-alive detects a lost server even while no data is sent. */
export const CONNECTION = {
  connectionTimeoutMillis: 5_000,
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
} as const;

export interface ConnectionLimits {
  /**
   * Maximum number of connections of each kind. Reads continue even while all orders wait for
   * locks.
   */
  readonly reads: number;
  readonly orders: number;
  readonly long: number;
  /** Maximum time to open a connection, or to wait for a free one, in ms. */
  readonly connectMs: number;
  /** Time after which the server ends a statement of a request, in ms. */
  readonly statementMs: number;
  /**
   * Extra time for the server's answer, in ms. Then the server counts as silent, and the connection
   * is discarded.
   */
  readonly graceMs: number;
  /** Maximum time that an order waits for a row which another transaction has locked, in ms. */
  readonly lockMs: number;
  /** Maximum time to open the connection of a ping, and again to wait for the answer, in ms. */
  readonly pingMs: number;
  /** Number of unanswered pings in a row after which a long statement is given up. */
  readonly missedPings: number;
  /** Maximum time that closing waits for running statements, in ms. */
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

/** All methods fail with the errors of `databaseError`. */
export interface Connections {
  /** The pool for short statements. Prisma sends them over it, and only within `short`. */
  readonly pool: Pool;
  /** The pool for long statements. Prisma sends them over it, and only within `long`. */
  readonly longPool: Pool;
  /**
   * Runs a statement of a request. While the database is silent, the call fails as fast as a ping.
   */
  short<T>(work: (pool: Pool) => Promise<T>): Promise<T>;
  /**
   * Commits all statements of `work` or none. The statements have the time limits of a request, and
   * wait for locks no longer than `lockMs`.
   */
  transaction<T>(work: (client: PoolClient) => Promise<T>): Promise<T>;
  /**
   * Runs statements without a time limit. A connection of the pool that was taken breaks when the
   * database does not answer pings any longer.
   */
  long<T>(work: (pool: Pool) => Promise<T>): Promise<T>;
  /**
   * Opens a separate connection, for example to hold a lock. The caller must end the connection.
   */
  dedicated(name: string): Promise<DedicatedConnection>;
  /** Checks that the database answers. Concurrent callers share one ping. */
  ping(): Promise<void>;
  /** Closes all connections. Statements that still run after `closeMs` are cut off. Idempotent. */
  close(): Promise<void>;
}

export interface DedicatedConnection {
  query<Row extends QueryResultRow>(text: string, values: unknown[]): Promise<Row[]>;
  /** Never fails, and does not wait for a server that does not answer. */
  end(): Promise<void>;
}

/**
 * Makes the pools of connections. The first statement opens the first connection.
 * @param pooled whether there is a pooler in between, which accepts no settings of a session
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
  /** Whether a statement had no answer, and no ping has been answered since. */
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
    this.watchTaken(this.longs.pool);
    const ping = { connectionTimeoutMillis: pingMs, query_timeout: pingMs, idleTimeoutMillis: 60_000 };
    this.pings = openPool({ ...long, ...ping, max: 1 });
    // A pooler passes on the limits of a transaction, but not those of a session.
    this.begin = `BEGIN; SET LOCAL lock_timeout = ${lockMs}; SET LOCAL statement_timeout = ${statementMs};
      SET LOCAL idle_in_transaction_session_timeout = ${statementMs}`;
  }

  get pool(): Pool {
    return this.reads.pool;
  }

  get longPool(): Pool {
    return this.longs.pool;
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

  async long<T>(work: (pool: Pool) => Promise<T>): Promise<T> {
    try {
      return await work(this.longPool);
    } catch (thrown) {
      throw databaseError(thrown);
    }
  }

  async dedicated(name: string): Promise<DedicatedConnection> {
    const client = new Client({ ...this.shared, application_name: name, query_timeout: this.limits.statementMs });
    // The next statement reports a broken connection.
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

  /** Sends a ping first if the database was silent before, so that no caller waits for long. */
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
        // Idle connections may be dead as well, and would otherwise fail one by one.
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

  /** Watches each connection of the pool while it is taken. */
  private watchTaken(pool: Pool): void {
    const watched = new WeakMap<PoolClient, AbortController>();
    pool.on('acquire', (client) => {
      const done = new AbortController();
      watched.set(client, done);
      this.watch(client, done.signal).catch(() => undefined);
    });
    pool.on('release', (_error, client) => watched.get(client)?.abort());
  }

  /** Breaks a connection after `missedPings`. */
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

/** Returns the error that makes the connection unusable; undefined if it can be used again. */
async function rollBack(client: PoolClient): Promise<Error | undefined> {
  return client.query('ROLLBACK').then(() => undefined, asError);
}

interface OpenPool {
  readonly pool: Pool;
  /** Throws away idle connections. */
  readonly dropIdle: () => void;
  /** Ends the pool. Cuts connections that are still open after `graceMs`. */
  end(graceMs: number): Promise<void>;
}

function openPool(config: PoolConfig): OpenPool {
  const pool = new Pool(config);
  const open = new Set<PoolClient>();
  const idle = new Set<PoolClient>();
  const cut = ({ connection }: PoolClient): void => void connection.stream.destroy();
  // A broken connection needs no handling here: its statement fails, and the next statement gets
  // another connection.
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
