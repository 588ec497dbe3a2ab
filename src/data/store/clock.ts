// The shop's clock: the present for a live shop, the end of the data for historic data that is
// replayed. All questions about the latest days, and the times of new orders, follow it.

import { CLOCK_MODES, type ClockMode } from '../../config';
import { DAY_MS } from '../../time';
import { COUNTED } from './sql/counted';
import { shapeOf } from './sql/packed';
import { Prisma } from './prisma/client';
import type { Statements } from './sql/statements';

export interface ShopClock {
  readonly mode: ClockMode;
  /** In a live shop the present; otherwise the time of the newest purchase. */
  readonly at: Date;
}

/** The part of the clock that one quick statement reads. */
export interface ClockSigns {
  /** The present by the database's clock. */
  readonly now: Date;
  /** The newest purchase that is not in the future; null if there is none. */
  readonly newest: Date | null;
  /** The mode that shop.json gives, as it was at the last import. */
  readonly mode: string | null;
}

export interface Clock {
  /** Reads the clock. */
  read(): Promise<ShopClock>;
  /** The clock for signs that have just been read. */
  from(signs: ClockSigns): Promise<ShopClock>;
}

/** Purchases that are dated this long after the clock, or longer, are mistakes. */
export const LEEWAY_MS = DAY_MS;

/** A shop whose newest purchase is older than this has historic data. */
const LIVE_DAYS = 30;
/** Time for which the end of the data counts as known, in ms. */
const KNOWN_MS = 60_000;

/** Columns with the signs, for a statement of one row. */
export const CLOCK_SIGNS = Prisma.sql`
  now() AS now, (SELECT max(bought_at) FROM purchases WHERE bought_at < now() + interval '1 day') AS newest,
  (SELECT value ->> 'clock' FROM facts WHERE name = 'mapping') AS mode`;

const SIGNS = shapeOf<ClockSigns>({ now: 'time', newest: 'time', mode: 'value' });

/** Where the data ends, apart from mistakes. */
interface DataEnd {
  /** The newest purchase. */
  readonly newest: Date;
  /** The newest purchase that was not recorded as an order after it. */
  readonly replayed: Date;
}

/** @param setting the mode if the operator sets it; it wins over the shop's description */
export function openClock({ rowsOf }: Pick<Statements, 'rowsOf'>, setting: ClockMode | undefined): Clock {
  let known: { readonly newest: number; readonly end: DataEnd | null; readonly until: number } | undefined;

  async function endOf(newest: Date, now: Date): Promise<DataEnd | null> {
    const time = newest.getTime();
    const isKnown = known !== undefined && Date.now() < known.until && known.newest <= time;
    // In a live shop every order is the newest, and none makes it historic.
    if (known && isKnown && (known.newest === time || isLive(known.end, now))) return known.end;
    const [end = null] = await rowsOf(DATA_END, SELECT_DATA_END);
    known = { newest: time, end, until: Date.now() + KNOWN_MS };
    return end;
  }

  async function from({ now, newest, mode: described }: ClockSigns): Promise<ShopClock> {
    const chosen = setting ?? CLOCK_MODES.find((mode) => mode === described);
    if (chosen === 'live' || !newest) return { mode: chosen ?? 'live', at: now };
    const end = await endOf(newest, now);
    if (!end) return { mode: chosen ?? 'live', at: now };
    const mode = chosen ?? (isLive(end, now) ? 'live' : 'replay');
    return { mode, at: mode === 'live' ? now : end.replayed };
  }

  return {
    from,
    async read() {
      const [signs] = await rowsOf(SIGNS, Prisma.sql`SELECT ${CLOCK_SIGNS}`);
      return from(signs);
    },
  };
}

function isLive(end: DataEnd | null, now: Date): boolean {
  return end !== null && now.getTime() - end.newest.getTime() < LIVE_DAYS * DAY_MS;
}

const DATA_END = shapeOf<DataEnd>({ newest: 'time', replayed: 'time' });

/**
 * The newest purchases may be mistakes: if they lie more than 30 days after all others, and are
 * fewer than a thousandth of all purchases or a single order of ten times as many. Orders through
 * the API are dated just after the data that is replayed, and do not move its end.
 */
const SELECT_DATA_END = Prisma.sql`
  WITH size AS (
    SELECT CASE WHEN reltuples > 100000 THEN reltuples::bigint
      ELSE (SELECT count(*) FROM (SELECT FROM purchases LIMIT 1000000) AS first_rows) END AS rows
    FROM pg_class WHERE oid = 'purchases'::regclass
  ), latest AS MATERIALIZED (
    SELECT bought_at, lag(bought_at) OVER newest_first AS next, row_number() OVER newest_first - 1 AS newer,
      first_value(bought_at) OVER newest_first AS newest,
      min(customer_key) OVER (newest_first ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
        = max(customer_key) OVER (newest_first ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS of_one_customer
    FROM (
      SELECT bought_at, customer_key FROM purchases WHERE ${COUNTED} AND bought_at < now() + interval '1 day'
      ORDER BY bought_at DESC LIMIT (SELECT greatest(rows / 1000, 1000) + 1 FROM size)
    ) AS purchases
    WINDOW newest_first AS (ORDER BY bought_at DESC)
  ), data AS (
    SELECT coalesce(
      (SELECT min(bought_at) FROM latest, size WHERE next - bought_at > interval '30 days'
        AND (newer * 1000 < rows OR (next = newest AND of_one_customer AND newer * 10 <= rows))),
      (SELECT max(bought_at) FROM latest)
    ) AS newest
  )
  SELECT newest, coalesce((
    SELECT bought_at FROM purchases AS p
    WHERE ${COUNTED} AND bought_at <= newest AND bought_at >= newest - interval '1 day' AND NOT EXISTS (
      SELECT FROM receipts AS r WHERE r.customer_key = p.customer_key AND r.bought_at = p.bought_at
    )
    ORDER BY bought_at DESC LIMIT 1
  ), newest) AS replayed
  FROM data WHERE newest IS NOT NULL`;
