// Reads the processor time and memory of processes from Linux's /proc. On other systems they are
// undefined.
import { readFileSync } from 'node:fs';
import type { Client } from 'pg';

/**
 * Length of a clock tick in ms. Linux reports processor times in ticks of a hundredth of a second.
 */
const TICK_MS = 10;

/**
 * Returns the processor time (user and system) of a process and its threads, in ms. Returns
 * undefined if no such process runs on this machine.
 */
export function cpuMsOf(pid: number): number | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // User and system time are fields 14 and 15. The name of the program, in parentheses, may have
  // blanks.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Returns the resident memory in MiB, now and at its peak. */
export function memoryOf(pid: number): { readonly nowMiB: number; readonly peakMiB: number } | undefined {
  const status = read(`/proc/${pid}/status`);
  const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status ?? '')?.[1]);
  return status === undefined ? undefined : { nowMiB: kib('VmRSS') / 1024, peakMiB: kib('VmHWM') / 1024 };
}

/** Processor time of a server and of its connections to the database, in milliseconds. */
export interface CpuUse {
  readonly server: number;
  /** Undefined if the database is not on this machine. */
  readonly database: number | undefined;
}

/** Whether all of these are processes of Postgres on this machine. */
function arePostgres(pids: readonly number[]): boolean {
  return pids.every((pid) => read(`/proc/${pid}/cmdline`)?.includes('postgres'));
}

/**
 * Interval between two searches for new connections. A connection that opens and closes between two
 * searches is not counted.
 */
const LOOK_MS = 500;

/**
 * Measures the processor time of a server and of its connections to the database during some work.
 * `application` is the name of these connections.
 */
export async function cpuDuring<T>(
  { pid, application, control }: { readonly pid: number; readonly application: string; readonly control: Client },
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly cpu: CpuUse | undefined }> {
  const first = new Map<number, number>();
  const last = new Map<number, number>();
  let here = true;
  const look = async (born: boolean): Promise<void> => {
    const pids = await backendsOf(control, application);
    here &&= arePostgres(pids);
    for (const backend of pids) {
      const ms = cpuMsOf(backend);
      if (ms === undefined) continue;
      if (!first.has(backend)) first.set(backend, born ? 0 : ms);
      last.set(backend, ms);
    }
  };
  await look(false);
  const before = cpuMsOf(pid);
  let looking: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    // A failed look does not stop the work. If looking still fails, the last look below throws the
    // error.
    looking = looking.then(() => look(true)).catch(() => undefined);
  }, LOOK_MS);
  try {
    const result = await work();
    const after = cpuMsOf(pid);
    clearInterval(timer);
    await looking;
    await look(true);
    if (before === undefined || after === undefined) return { result, cpu: undefined };
    const used = [...last].reduce((sum, [backend, ms]) => sum + ms - (first.get(backend) ?? 0), 0);
    return { result, cpu: { server: after - before, database: here && last.size > 0 ? used : undefined } };
  } finally {
    clearInterval(timer);
  }
}

/** Returns the ids of Postgres's processes for the connections of this name. */
async function backendsOf(control: Client, application: string): Promise<number[]> {
  const { rows } = await control.query<{ pid: number }>(
    'SELECT pid FROM pg_stat_activity WHERE application_name = $1',
    [application],
  );
  return rows.map(({ pid }) => pid);
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
