// What processes use of the machine, as Linux tells it in /proc: time of the processors, memory.
// Elsewhere nothing is known, and it says so by undefined. Knows nothing of what the processes do.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Client } from 'pg';

let tickMs: number | undefined;

/**
 * Milliseconds of the processors, user and system, that a process and its threads have used;
 * undefined: it is not here.
 */
export function cpuMsOf(pid: number): number | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  tickMs ??= 1000 / Number(execFileSync('getconf', ['CLK_TCK']).toString());
  // The name of the program, in parentheses, may have blanks; user and system time are the 14th and
  // 15th field.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}

/** Resident memory in MiB, now and at its peak. */
export function memoryOf(pid: number): { readonly nowMiB: number; readonly peakMiB: number } | undefined {
  const status = read(`/proc/${pid}/status`);
  const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status ?? '')?.[1]);
  return status === undefined ? undefined : { nowMiB: kib('VmRSS') / 1024, peakMiB: kib('VmHWM') / 1024 };
}

/**
 * What a server and its connections to the database have used of the processors in a stretch of
 * time.
 */
export interface CpuUse {
  readonly server: number;
  /** undefined: the database is not on this machine. */
  readonly database: number | undefined;
}

/** Whether these are processes of Postgres on this machine. */
function arePostgres(pids: readonly number[]): boolean {
  return pids.every((pid) => read(`/proc/${pid}/cmdline`)?.includes('postgres'));
}

/**
 * Looks this often for connections that were opened since: one that is closed again takes its time
 * along.
 */
const LOOK_MS = 500;

/**
 * Measures the milliseconds of the processors during some work: of a server, and of Postgres's
 * processes for the connections that have the given name.
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
    // One that fails is no end of the work: the last one, behind it, tells.
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

/** Postgres's processes for the connections of this name. */
export async function backendsOf(control: Client, application: string): Promise<number[]> {
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
